from __future__ import annotations

import asyncio
import threading
import time

import pytest
from confluent_kafka import KafkaError
from pydantic import ValidationError

from tests.workers.sinks.rigs_kafka import PASSWORD, KafkaRig
from workers.sinks.chunks import HELD_BACK
from workers.sinks.kafka import settings
from workers.sinks.kafka_options import KafkaOptions
from workers.sinks.kafka_verdicts import Report, verdict

TOPIC = "shiftwire.acme"


@pytest.fixture
def rig(tmp_path):
    rig = KafkaRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
async def make(rig):
    made = []

    def make(**options):
        made.append(rig.sink(**{"batch": 100} | options))
        return made[-1]

    yield make
    for sink in made:
        await sink.close()


async def test_a_message_is_a_structured_event_with_its_attributes_in_the_headers(rig, make, make_event):
    event = make_event(1)
    assert await make().deliver([event]) == {}
    (message,) = rig.cluster.messages(TOPIC)
    headers = dict(message.headers())
    assert message.key() == b"assignments/1"
    assert message.value() == event.json
    assert headers["content-type"] == b"application/cloudevents+json"
    assert headers["ce_id"] == event.id.encode()
    assert headers["ce_type"] == b"eu.myprotime.assignment.updated.v1"
    assert headers["ce_source"] == b"/protime/acme/assignments"
    assert headers["ce_subject"] == b"assignments/1"
    assert headers["ce_partitionkey"] == b"assignments/1"
    assert headers["ce_specversion"] == b"1.0"


async def test_each_event_goes_to_the_topic_its_template_names(rig, make, make_event):
    rig.cluster.create("all.people", 1)
    sink = make(topic="all.{collection}")
    assert await sink.deliver([make_event(1, collection="people"), make_event(2)]) == {}
    assert [event["subject"] for event in rig.cluster.events("all.people")] == ["assignments/1"]


async def test_a_resource_stays_in_one_partition(rig, make, make_event):
    rig.cluster.create("wide", 8)
    events = [make_event(number, version=f"{version:04}") for version in range(3) for number in range(30)]
    assert await make(topic="wide").deliver(events) == {}
    places = {(message.key(), message.partition()) for message in rig.cluster.messages("wide")}
    assert len(places) == 30
    assert len({partition for _, partition in places}) > 1


async def test_a_key_lies_where_a_java_client_puts_it(rig, make, make_event):
    """Murmur2 with its sign bit cleared, modulo the number of partitions, worked out here a second time."""
    rig.cluster.create("wide", 8)
    await make(topic="wide").deliver([make_event(number) for number in range(20)])
    for message in rig.cluster.messages("wide"):
        assert message.partition() == (murmur2(message.key()) & 0x7FFFFFFF) % 8


def murmur2(data):
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


async def test_an_event_too_large_fails_for_good_and_holds_back_only_its_own_resource(rig, make, make_event):
    huge = make_event(2, resource={"comments": "x" * 1_500_000})
    events = [
        make_event(1),
        huge,
        make_event(3),
        make_event(2, version="0002"),
        make_event(1, version="0002"),
    ]
    failures = await make().deliver(events)
    assert set(failures) == {1, 3}
    assert (failures[1].scope, failures[1].permanent) == ("event", True)
    assert "too large" in failures[1].reason
    assert failures[3] == HELD_BACK
    assert sorted(rig.ids()) == sorted(events[i].id for i in (0, 2, 4))


async def test_what_the_broker_finds_too_large_together_is_not_final_until_it_is_alone(rig, make, make_event):
    sink = make()
    assert await sink.deliver([make_event(0)]) == {}
    rig.cluster.refuse_next([KafkaError.MSG_SIZE_TOO_LARGE])
    failures = await sink.deliver([make_event(1), make_event(2)])
    assert failures
    assert {(failure.scope, failure.permanent) for failure in failures.values()} == {("event", False)}
    rig.cluster.refuse_next([KafkaError.MSG_SIZE_TOO_LARGE])
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("event", True)


async def test_what_the_broker_refuses_for_the_moment_is_sent_again_in_order_and_once(rig, make, make_event):
    """Of one resource, so one by one: of several on the way the mock cluster takes the second without the first."""
    sink = make()
    assert await sink.deliver([make_event(1, version="0000")]) == {}
    rig.cluster.refuse_next([KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.REQUEST_TIMED_OUT])
    events = [make_event(1, version=f"{version:04}") for version in range(1, 6)]
    assert await sink.deliver(events) == {}
    assert rig.ids()[1:] == [event.id for event in events]


async def test_a_topic_that_is_closed_to_us_fails_its_own_events_where_topics_differ(rig, make, make_event):
    rig.cluster.create("to.people", 1)
    rig.cluster.refuse_topic("to.people", KafkaError.TOPIC_AUTHORIZATION_FAILED)
    sink = make(topic="to.{collection}", timeout_seconds=10)
    failures = await sink.deliver([make_event(1, collection="people"), make_event(2)])
    assert {index: (failure.scope, failure.permanent) for index, failure in failures.items()} == {
        0: ("event", False)
    }
    assert [event["subject"] for event in rig.cluster.events("to.assignments")] == ["assignments/2"]


async def test_the_only_topic_closed_to_us_is_a_matter_of_the_sink(rig, make, make_event):
    rig.cluster.refuse_topic(TOPIC, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    failures = await make(topic=TOPIC, timeout_seconds=10).deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert "authorization" in failures[0].reason.lower()


async def test_a_producer_that_is_of_no_use_any_more_is_replaced_at_once(rig, make, make_event):
    sink = make(timeout_seconds=60)
    assert await sink.deliver([make_event(1)]) == {}
    rig.cluster.refuse_next([KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER])
    started = time.monotonic()
    failures = await sink.deliver([make_event(2)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert "sequence" in failures[0].reason
    assert "within" not in failures[0].reason
    assert await sink.deliver([make_event(2)]) == {}
    assert time.monotonic() - started < 10
    assert rig.ids()[-1] == make_event(2).id


async def test_a_full_queue_makes_the_delivery_wait_and_loses_nothing(rig, make, make_event):
    sink = make(options={"queue.buffering.max.messages": 10})
    assert await sink.deliver([make_event(number) for number in range(500)]) == {}
    assert len(rig.ids()) == 500


async def test_a_queue_that_stays_full_ends_with_the_time_out(rig, make, make_event):
    sink = make(options={"queue.buffering.max.messages": 10}, timeout_seconds=0.8)
    await sink.deliver([make_event(0)])
    with rig.stalled():
        started = time.monotonic()
        failures = await sink.deliver([make_event(number) for number in range(50)])
        assert time.monotonic() - started < 1.5
    assert set(failures) == set(range(50))
    assert {failure.scope for failure in failures.values()} == {"sink"}


async def until_delivered(sink, events):
    deadline = time.monotonic() + 15
    while await sink.deliver(events):
        assert time.monotonic() < deadline


async def test_after_a_stall_the_same_sink_goes_on_and_the_order_holds(rig, make, make_event):
    sink = make(timeout_seconds=1)
    versions = [make_event(1, version=f"{version:04}") for version in range(4)]
    # A producer's first message takes up to a second of its own.
    await until_delivered(sink, versions[:1])
    with rig.stalled():
        failures = await sink.deliver(versions[1:])
        assert set(failures) == {0, 1, 2}
        assert failures[0].reason.startswith("no acknowledgement within 1 s")
    await until_delivered(sink, versions[1:])
    first_seen = list(dict.fromkeys(rig.ids()))
    assert first_seen == [event.id for event in versions]
    assert rig.ids()[-1] == versions[-1].id


async def test_absent_brokers_are_named_long_before_the_time_out(rig, make, make_event):
    rig.take_away()
    started = time.monotonic()
    failures = await make(timeout_seconds=60).deliver([make_event(1)])
    assert time.monotonic() - started < 10
    assert failures[0].scope == "sink"
    assert failures[0].reason.startswith("no broker can be reached (")
    assert "Connection refused" in failures[0].reason


async def test_a_short_absence_is_waited_for(rig, make, make_event):
    sink = make()
    assert await sink.deliver([make_event(1)]) == {}
    rig.take_away()
    delivery = asyncio.ensure_future(sink.deliver([make_event(2)]))
    await asyncio.sleep(0.3)
    rig.bring_back()
    assert await delivery == {}


async def test_closing_ends_what_is_under_way_and_the_thread(rig, make, make_event):
    sink = make()
    assert await sink.deliver([make_event(1)]) == {}
    with rig.stalled():
        delivery = asyncio.ensure_future(sink.deliver([make_event(2)]))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await sink.close()
        assert (await delivery)[0].scope == "sink"
        assert time.monotonic() - started < 2
    assert "kafka-reports" not in [thread.name for thread in threading.enumerate()]


async def test_nothing_is_opened_before_the_first_delivery(rig, make):
    make(bootstrap_servers="127.0.0.1:1")
    assert "kafka-reports" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize(
    ("name", "alone", "one_topic", "permanent", "scope"),
    [
        ("MSG_SIZE_TOO_LARGE", True, True, True, "event"),
        ("MSG_SIZE_TOO_LARGE", False, True, False, "event"),
        ("INVALID_RECORD", True, True, True, "event"),
        ("INVALID_RECORD", False, True, False, "event"),
        ("UNKNOWN_TOPIC_OR_PART", True, False, False, "event"),
        ("UNKNOWN_TOPIC_OR_PART", True, True, False, "sink"),
        ("_AUTHENTICATION", True, False, False, "sink"),
        ("_PURGE_QUEUE", True, False, False, "sink"),
        ("_FATAL", True, False, False, "sink"),
    ],
)
def test_a_report_speaks_of_the_event_or_of_the_sink(*, name, alone, one_topic, permanent, scope):
    failure = verdict(Report(name, "text"), alone=alone, one_topic=one_topic, why_given_up="given up")
    assert (failure.permanent, failure.scope) == (permanent, scope)


def test_what_the_client_refused_itself_is_known_to_be_the_event():
    report = Report("MSG_SIZE_TOO_LARGE", "text", refused_here=True)
    assert verdict(report, alone=False, one_topic=True, why_given_up="").permanent


def test_options_of_the_client_are_passed_on_and_the_promises_stay():
    given = {
        "linger.ms": 20,
        "sasl.password": PASSWORD,
        "compression.type": "lz4",
        "socket.keepalive.enable": True,
    }
    options = KafkaOptions(type="kafka", bootstrap_servers="a:9092, b:9092", timeout_seconds=7, options=given)
    made = settings(options)
    assert made["linger.ms"] == "20"
    assert made["socket.keepalive.enable"] == "true"
    assert made["sasl.password"] == PASSWORD
    assert (made["acks"], made["enable.idempotence"], made["message.timeout.ms"]) == ("all", "true", "7000")
    texts = [repr(options), options.model_dump_json(), str(options.model_dump())]
    assert not [text for text in texts if PASSWORD in text]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"bootstrap_servers": ""}, "host:port"),
        ({"bootstrap_servers": "h"}, "host:port"),
        ({"bootstrap_servers": "h:99999"}, "host:port"),
        ({"bootstrap_servers": "kafka://h:9092"}, "host:port"),
        ({"topic": "with space"}, "name of a topic"),
        ({"topic": "{person}"}, "placeholder"),
        ({"topic": "{tenant}/{collection}"}, "name of a topic"),
        ({"options": {"acks": "0"}}, "set by the sink itself"),
        ({"options": {"enable.idempotence": False}}, "set by the sink itself"),
        ({"options": {"plugin.library.paths": "/x.so"}}, "set by the sink itself"),
        ({"options": {"sasl.pasword": "hush-hush"}}, "No such configuration property"),
        ({"options": {"security.protocol": "hus"}}, "Invalid value"),
    ],
)
def test_a_mistake_in_the_options_is_named_without_its_value(options, says):
    with pytest.raises(ValidationError, match=says) as caught:
        KafkaOptions(type="kafka", **{"bootstrap_servers": "h:9092"} | options)
    assert "hus" not in str(caught.value)
