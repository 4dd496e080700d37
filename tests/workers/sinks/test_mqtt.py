"""Beside what every sink must do: how a message looks to a subscriber, and what the broker's answers mean."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from contextlib import contextmanager

import pytest
from pydantic import ValidationError

from tests.workers.sinks.certificates import make_pair
from tests.workers.sinks.processes import running
from tests.workers.sinks.rigs_mqtt import MqttRig, Subscriber
from workers.sinks.mqtt import MqttOptions, MqttSink, Refused, judge


@pytest.fixture
def rig(tmp_path):
    rig = MqttRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def broker(tmp_path):
    """`with broker(configuration) as port`: a broker of the test's own."""

    @contextmanager
    def run(configuration="allow_anonymous true", listener=""):
        file = tmp_path / "mosquitto.conf"

        def arguments(port):
            file.write_text(f"user root\nlistener {port} 127.0.0.1\n{listener}\n{configuration}\n")
            return ["-c", str(file)]

        with running("mosquitto", arguments, tmp_path) as (port, _):
            yield port

    return run


def sink(port, **options):
    given = {"url": f"mqtt://127.0.0.1:{port}", "topic": "s/{collection}/{id}", "batch": 100}
    return MqttSink("bus", MqttOptions(type="mqtt", **given | options))


async def the_only_failure(tested, *events):
    failures = await tested.deliver(events)
    await tested.close()
    (failure,) = set(failures.values())
    return failure


async def test_a_message_is_the_structured_event_and_says_beside_it_what_it_is(rig, make_event):
    tested = rig.sink()
    event = make_event(1)
    assert await tested.deliver([event]) == {}
    (message,) = rig.subscriber.messages()
    assert message.payload == event.json
    assert message.topic == f"{rig.name}/acme/assignments/1"
    assert message.qos == 1
    assert not message.retain
    assert message.properties.ContentType == "application/cloudevents+json"
    assert message.properties.PayloadFormatIndicator == 1
    told = dict(message.properties.UserProperty)
    assert (told["id"], told["type"]) == (event.id, "eu.myprotime.assignment.updated.v1")
    assert told["partitionkey"] == "assignments/1"
    await tested.close()


async def test_retained_the_last_event_of_each_resource_waits_for_who_comes_later(broker, make_event):
    with broker() as port:
        tested = sink(port, retain=True)
        events = [make_event(number, version=version) for version in ("0001", "0002") for number in (1, 2)]
        assert await tested.deliver(events) == {}
        await tested.close()
        late = Subscriber("s/assignments", port)
        kept = [dict(message.properties.UserProperty)["id"] for message in late.messages()]
        late.close()
    assert sorted(kept) == ["acme/assignments/1/0002", "acme/assignments/2/0002"]


async def test_an_event_larger_than_the_broker_says_it_takes_fails_for_good_by_itself(broker, make_event):
    with broker("allow_anonymous true\nmax_packet_size 4000") as port:
        tested = sink(port)
        big = make_event(2, resource={"comments": "x" * 3500})
        failures = await tested.deliver([make_event(1), big, make_event(3)])
        assert {i: (failure.scope, failure.permanent) for i, failure in failures.items()} == {
            1: ("event", True)
        }
        assert "4000" in failures[1].reason
        await tested.close()


async def test_an_event_exactly_as_large_as_the_broker_takes_arrives(broker, make_event):
    with broker("allow_anonymous true\nmax_packet_size 4000") as port:
        tested = sink(port)
        answers = []
        for length in range(2600, 3500):
            answers.append(await tested.deliver([make_event(1, resource={"comments": "x" * length})]))
            if answers[-1]:
                break
        await tested.close()
    assert len(answers) > 100
    assert all(answer == {} for answer in answers[:-1])
    assert answers[-1][0].permanent


async def test_an_event_for_which_the_broker_ends_the_connection_is_not_taken_for_an_absent_broker(
    broker, make_event
):
    """This limit is not told beforehand: the broker speaks of an error of the protocol and is gone."""
    with broker("allow_anonymous true\nmessage_size_limit 4000") as port:
        tested = sink(port)
        big = make_event(2, resource={"comments": "x" * 5000})
        together = await tested.deliver([make_event(1), big, make_event(3)])
        assert {(failure.scope, failure.permanent) for failure in together.values()} == {("event", False)}
        assert 0 not in together
        assert await tested.deliver([make_event(3)]) == {}
        assert (await tested.deliver([big]))[0].scope == "event"
        await tested.close()


async def test_an_acknowledgement_that_says_no_is_no_delivery(broker, tmp_path, make_event):
    (tmp_path / "acl").write_text("topic write s/people/#\n")
    (tmp_path / "acl").chmod(0o600)
    with broker(f"allow_anonymous true\nacl_file {tmp_path}/acl") as port:
        failure = await the_only_failure(sink(port), make_event(1))
        assert (failure.scope, failure.permanent) == ("sink", False)
        assert "Not authorized" in failure.reason
        allowed = sink(port)
        assert await allowed.deliver([make_event(1, collection="people")]) == {}
        await allowed.close()


class NarrowBroker:
    """Takes three messages at a time, as it says at the beginning, and counts how many it had at most."""

    def __init__(self):
        self.unanswered = self.most = self.taken = 0

    async def serve(self, reader, writer):
        await self._packet(reader)
        writer.write(bytes([0x20, 6, 0, 0, 3, 0x21, 0, 3]))  # CONNACK with Receive Maximum 3
        answers = set()
        while (packet := await self._packet(reader)) and packet[0] == 0x32:
            self.unanswered += 1
            self.taken += 1
            self.most = max(self.most, self.unanswered)
            length = int.from_bytes(packet[1:3])
            answers.add(asyncio.ensure_future(self._answer(writer, packet[3 + length : 5 + length])))
        await asyncio.gather(*answers)
        writer.close()

    async def _answer(self, writer, message_id):
        await asyncio.sleep(0.01)
        self.unanswered -= 1
        writer.write(b"\x40\x02" + message_id)  # PUBACK

    async def _packet(self, reader):
        """The first byte, and what follows the length."""
        first, length, shift = await reader.readexactly(1), 0, 0
        while True:
            (byte,) = await reader.readexactly(1)
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first + await reader.readexactly(length)


async def test_no_more_are_on_their_way_than_the_broker_takes_at_a_time(make_event):
    narrow = NarrowBroker()
    server = await asyncio.start_server(narrow.serve, "127.0.0.1", 0)
    tested = sink(server.sockets[0].getsockname()[1])
    assert await tested.deliver([make_event(number) for number in range(20)]) == {}
    await tested.close()
    server.close()
    assert (narrow.taken, narrow.most) == (20, 3)


async def test_a_broker_that_retains_nothing_is_named_when_it_should(broker, make_event):
    with broker("allow_anonymous true\nretain_available false") as port:
        failure = await the_only_failure(sink(port, retain=True), make_event(1))
        assert failure.scope == "sink"
        assert "retain" in failure.reason
        plain = sink(port)
        assert await plain.deliver([make_event(1)]) == {}
        await plain.close()


async def test_a_broker_without_acknowledgements_is_named(broker, make_event):
    with broker(listener="max_qos 0") as port:
        failure = await the_only_failure(sink(port), make_event(1))
    assert failure.scope == "sink"
    assert "QoS 0" in failure.reason


@pytest.fixture
def passwords(tmp_path):
    subprocess.run(["mosquitto_passwd", "-b", "-c", tmp_path / "passwords", "joe", "ri ght"], check=True)
    return tmp_path / "passwords"


async def test_a_refused_login_is_the_sinks_trouble_and_shows_no_password(
    broker, passwords, make_event, caplog
):
    caplog.set_level("DEBUG")
    with broker(f"allow_anonymous false\npassword_file {passwords}") as port:
        wrong = sink(port, url=f"mqtt://joe:hunter22@127.0.0.1:{port}")
        failure = await the_only_failure(wrong, make_event(1))
        assert (failure.scope, failure.permanent) == ("sink", False)
        assert "authorized" in failure.reason.lower()
        assert "hunter22" not in failure.reason + caplog.text
        good = sink(port, url=f"mqtt://joe:ri%20ght@127.0.0.1:{port}")
        assert await good.deliver([make_event(1)]) == {}
        await good.close()


# The client leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_both_sides_know_each_other_by_certificate(broker, tmp_path, make_event):
    ours, theirs = make_pair(tmp_path, "client"), make_pair(tmp_path, "server")
    files = f"certfile {theirs.certificate}\nkeyfile {theirs.key}\ncafile {ours.certificate}"
    with broker(listener=f"{files}\nrequire_certificate true") as port:
        url = f"mqtts://127.0.0.1:{port}"
        trusted = {"ca_file": theirs.certificate, "cert_file": ours.certificate, "key_file": ours.key}
        good = sink(port, url=url, **trusted)
        assert await good.deliver([make_event(1)]) == {}
        await good.close()
        failure = await the_only_failure(sink(port, url=url), make_event(1))
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "certificate" in failure.reason.lower()


async def test_a_broker_that_takes_no_bytes_any_more_leaves_no_thread_behind(rig, make_event):
    tested = rig.sink(timeout_seconds=0.3, batch=100)
    assert await tested.deliver([make_event(0)]) == {}
    with rig.stalled():
        big = [make_event(number, resource={"comments": "x" * 500_000}) for number in range(1, 40)]
        failures = await tested.deliver(big)
        assert {failure.scope for failure in failures.values()} == {"sink"}
        assert len(failures) == 39
        await tested.close()
        assert not [thread for thread in threading.enumerate() if "shiftwire" in thread.name]


@pytest.mark.parametrize(
    ("code", "permanent", "scope"),
    [
        (0x90, True, "event"),
        (0x99, True, "event"),
        (0x97, False, "sink"),
        (0x82, False, "event"),
        (0x80, False, "sink"),
        (0x83, False, "sink"),
    ],
)
def test_what_an_acknowledgement_says_decides_whether_to_try_again(code, permanent, scope):
    failure = judge(Refused(code, "text"))
    assert (failure.permanent, failure.scope) == (permanent, scope)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "tcp://host"}, "mqtt:// or mqtts://"),
        ({"topic": "a/#"}, "wildcards"),
        ({"topic": "a/+/b"}, "wildcards"),
        ({"topic": "a\x00"}, "control characters"),
        ({"topic": "$SYS/a"}, "begin with"),
        ({"topic": "{person}"}, "placeholder"),
        ({"topic": "x" * 1025}, "1024"),
    ],
)
def test_a_mistake_is_refused_and_named(wrong, told):
    with pytest.raises(ValidationError, match=told):
        MqttOptions(**{"type": "mqtt", "url": "mqtt://host"} | wrong)
