"""Beside what every sink must do: how a message looks to a consumer, and what the server's answers mean."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, StorageType, StreamConfig
from pydantic import ValidationError

from tests.workers.sinks.certificates import make_pair
from tests.workers.sinks.processes import running
from tests.workers.sinks.rigs_nats import NatsRig
from workers.sinks.nats import NatsOptions, NatsSink


@pytest.fixture
def rig(tmp_path):
    rig = NatsRig(tmp_path)
    yield rig
    rig.close()


def nats_server(folder, configuration="", port=0):
    """With JetStream, whose files stay in the folder."""
    file = folder / "nats.conf"
    file.write_text(f'jetstream {{ store_dir: "{folder}/js" }}\n{configuration}')
    return running(
        "nats-server", lambda port: ["-a", "127.0.0.1", "-p", str(port), "-c", str(file)], folder, port=port
    )


@pytest.fixture
def server(tmp_path):
    """`with server(configuration) as port`: a server of the test's own."""

    @contextmanager
    def run(configuration):
        with nats_server(tmp_path, configuration) as (port, _):
            yield port

    return run


def sink(port, **options):
    given = {"url": f"nats://127.0.0.1:{port}", "stream": "EVENTS", "create_stream": True, "batch": 10}
    return NatsSink("bus", NatsOptions(type="nats", **given | options))


async def the_only_failure(tested, *events):
    failures = await tested.deliver(events)
    await tested.close()
    (failure,) = set(failures.values())
    return failure


async def test_a_message_is_the_structured_event_and_says_beside_it_what_it_is(rig, make_event):
    sink = rig.sink()
    event = make_event(1)
    assert await sink.deliver([event]) == {}
    (message,) = rig.arrived()
    assert message.data == event.json
    assert message.subject == f"{rig.name}.acme.assignments.updated"
    assert message.headers["Nats-Msg-Id"] == event.id
    assert message.headers["Content-Type"] == "application/cloudevents+json"
    assert message.headers["ce-id"] == event.id
    assert message.headers["ce-type"] == "eu.myprotime.assignment.updated.v1"
    assert message.headers["ce-partitionkey"] == "assignments/1"
    await sink.close()


async def test_without_a_stream_nothing_counts_as_delivered_and_the_way_out_is_named(rig, make_event):
    failure = await the_only_failure(rig.sink(subject=f"{rig.name}-other.x"), make_event(1))
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "no stream takes the subject" in failure.reason
    assert "create_stream" in failure.reason


@pytest.mark.parametrize(
    "answer", [b"{}", b'{"ok":true}', b"thanks", b"[1]", b'{"stream":"","seq":0}', b"\xff"]
)
async def test_an_answer_that_no_stream_gave_counts_as_not_delivered(rig, make_event, answer):
    client = Client()
    await client.connect(f"nats://rig:{rig.secrets[0]}@127.0.0.1:{rig.proxy.port}")

    async def respond(message):
        await message.respond(answer)

    await client.subscribe(f"{rig.name}-other.x", cb=respond)
    await client.flush()
    failure = await the_only_failure(rig.sink(subject=f"{rig.name}-other.x"), make_event(1))
    await client.close()
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "stream" in failure.reason


async def test_a_stream_is_made_for_every_subject_that_events_can_have(server, make_event):
    with server("") as port:
        tested = sink(port, subject="s.{tenant}.{type}.{id}-x")
        assert await tested.deliver([make_event(1), make_event(2, tenant="other")]) == {}
        await tested.close()
        again = sink(port, subject="s.{tenant}.{type}.{id}-x")
        assert await again.deliver([make_event(3)]) == {}
        await again.close()
        client = Client()
        await client.connect(f"nats://127.0.0.1:{port}")
        made = await client.jetstream().stream_info("EVENTS")
        assert made.config.subjects == ["s.*.*.*.*.*.*.*"]
        assert made.config.storage == StorageType.FILE
        assert made.state.messages == 3
        await client.close()


async def test_a_subject_that_another_stream_takes_is_not_delivered(rig, make_event):
    failure = await the_only_failure(rig.sink(stream="ANOTHER"), make_event(1))
    assert failure.scope == "sink"
    assert "expected stream does not match" in failure.reason


async def test_an_event_larger_than_the_stream_takes_fails_for_good_by_itself(rig, make_event):
    config = StreamConfig(
        name=rig.name, subjects=[f"{rig.name}.>"], storage=StorageType.MEMORY, max_msg_size=5000
    )
    rig.apart.run(rig.stream.update_stream(config))
    tested = rig.sink(batch=10)
    big = make_event(2, resource={"comments": "x" * 6000})
    failures = await tested.deliver([make_event(1), big, make_event(3)])
    assert {i: (failure.scope, failure.permanent) for i, failure in failures.items()} == {1: ("event", True)}
    assert rig.subjects() == ["assignments/1", "assignments/3"]
    await tested.close()


async def test_a_full_stream_is_the_sinks_trouble(rig, make_event):
    config = StreamConfig(
        name=rig.name,
        subjects=[f"{rig.name}.>"],
        storage=StorageType.MEMORY,
        max_msgs=1,
        discard=DiscardPolicy.NEW,
    )
    rig.apart.run(rig.stream.update_stream(config))
    failure = await the_only_failure(rig.sink(batch=10), make_event(1), make_event(2))
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "maximum messages" in failure.reason


async def test_an_event_a_little_below_the_servers_limit_counts_with_its_headers(rig, make_event):
    """Too large with its headers only: sent, the server would cut the connection for all."""
    tested = rig.sink(batch=10)
    bare = len(make_event(1, resource={"comments": ""}).json)
    edge = make_event(1, resource={"comments": "x" * (rig.largest - bare - 100)})
    assert len(edge.json) < rig.largest
    failures = await tested.deliver([edge, make_event(2)])
    assert {i: failure.permanent for i, failure in failures.items()} == {0: True}
    assert rig.proxy.connections == 1
    await tested.close()


async def test_a_refused_login_is_the_sinks_trouble_and_shows_no_password(server, make_event, caplog):
    caplog.set_level("DEBUG")
    with server('authorization { user: joe, password: "right" }') as port:
        failure = await the_only_failure(
            sink(port, url=f"nats://joe:hunter22@127.0.0.1:{port}"), make_event(1)
        )
        assert (failure.scope, failure.permanent) == ("sink", False)
        assert "authorization" in failure.reason.lower()
        assert "hunter22" not in failure.reason + caplog.text
        good = sink(port, url=f"nats://joe:right@127.0.0.1:{port}")
        assert await good.deliver([make_event(1)]) == {}
        await good.close()


async def test_a_subject_that_may_not_be_published_is_told_at_once(server, make_event):
    users = '{ user: joe, password: pw, permissions: { publish: { deny: "shiftwire.>" } } }'
    with server(f"authorization {{ users: [ {users} ] }}") as port:
        tested = sink(port, url=f"nats://joe:pw@127.0.0.1:{port}", timeout_seconds=20)
        failure = await the_only_failure(tested, make_event(1))
    assert failure.scope == "sink"
    assert "permissions violation" in failure.reason.lower()


async def test_both_sides_know_each_other_by_certificate(server, tmp_path, make_event):
    ours, theirs = make_pair(tmp_path, "client"), make_pair(tmp_path, "server")
    files = f'cert_file: "{theirs.certificate}", key_file: "{theirs.key}", ca_file: "{ours.certificate}"'
    with server(f"tls {{ {files}, verify: true }}") as port:
        url = f"tls://127.0.0.1:{port}"
        trusted = {"ca_file": theirs.certificate, "cert_file": ours.certificate, "key_file": ours.key}
        good = sink(port, url=url, **trusted)
        assert await good.deliver([make_event(1)]) == {}
        await good.close()
        failure = await the_only_failure(sink(port, url=url), make_event(1))
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "certificate" in failure.reason.lower()


async def test_a_server_that_does_not_encrypt_is_told_no_password_where_the_url_wants_tls(make_event):
    heard = b""

    async def eavesdrop(reader, writer):
        nonlocal heard
        writer.write(
            b'INFO {"server_id":"x","version":"2.10.0","auth_required":true,"max_payload":1048576}\r\n'
        )
        heard = await reader.read(4096)
        writer.close()

    async with await asyncio.start_server(eavesdrop, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        tested = sink(port, url=f"tls://joe:hunter22@127.0.0.1:{port}", timeout_seconds=3)
        failure = await the_only_failure(tested, make_event(1))
    assert heard == b""
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "does not encrypt" in failure.reason


async def test_a_killed_server_has_all_that_was_acknowledged_and_each_event_once(tmp_path, make_event):
    before = [make_event(number) for number in range(5000, 5100)]
    events = [make_event(number) for number in range(5000)]
    with nats_server(tmp_path) as (port, process):
        tested = sink(port, batch=20, timeout_seconds=5)
        assert await tested.deliver(before) == {}
        asyncio.get_running_loop().call_later(0.03, process.kill)
        first = await tested.deliver(events)
    assert first
    assert {failure.scope for failure in first.values()} <= {"sink", "event"}
    with nats_server(tmp_path, port=port):
        assert await stored(port) >= {
            event.id for event in (*before, *(event for i, event in enumerate(events) if i not in first))
        }
        rest = [events[i] for i in sorted(first)]
        assert await tested.deliver(rest) == {}
        assert await stored(port) == {event.id for event in (*before, *events)}
        await tested.close()


async def stored(port):
    """The ids in the stream, none of them twice."""
    client = Client()
    await client.connect(f"nats://127.0.0.1:{port}")
    reading = await client.jetstream().pull_subscribe(
        "shiftwire.>", stream="EVENTS", config=ConsumerConfig(ack_policy=AckPolicy.NONE)
    )
    ids = []
    while (await reading.consumer_info()).num_pending:
        ids += [message.headers["Nats-Msg-Id"] for message in await reading.fetch(500)]
    await client.close()
    assert len(ids) == len(set(ids))
    return set(ids)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "http://host"}, "nats:// or tls://"),
        ({"subject": "a..b"}, "words joined by dots"),
        ({"subject": "a b"}, "words joined by dots"),
        ({"subject": "a.>"}, "words joined by dots"),
        ({"subject": "a.*"}, "words joined by dots"),
        ({"subject": "$JS.a"}, "words joined by dots"),
        ({"subject": "{person}"}, "placeholder"),
        ({"stream": "a.b"}, "a name without"),
        ({"create_stream": True}, "needs the name"),
    ],
)
def test_a_mistake_is_refused_and_named(wrong, told):
    with pytest.raises(ValidationError, match=told):
        NatsOptions(**{"type": "nats", "url": "nats://host"} | wrong)
