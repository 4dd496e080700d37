"""Beside what every sink must do: how a message looks to a consumer, and what the broker's answers mean."""

from __future__ import annotations

import ssl

import aio_pika
import pytest
from aio_pika import exceptions
from pydantic import ValidationError

from tests.workers.sinks.rigs_rabbitmq import URL, RabbitmqRig
from workers.sinks.rabbitmq import RabbitmqOptions, judge


@pytest.fixture
def rig(tmp_path):
    rig = RabbitmqRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
async def channel(rig):
    connection = await aio_pika.connect(URL)
    yield await connection.channel()
    await connection.close()


async def test_a_message_is_the_structured_event_and_says_beside_it_what_it_is(rig, make_event):
    sink = rig.sink()
    event = make_event(1)
    assert await sink.deliver([event]) == {}
    (message,) = rig.arrived()
    assert message.body == event.json
    assert message.content_type == "application/cloudevents+json"
    assert message.message_id == event.id
    assert message.type == "eu.myprotime.assignment.updated.v1"
    assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
    assert message.routing_key == "acme.assignments.updated"
    assert message.headers["cloudEvents_id"] == event.id
    assert message.headers["cloudEvents_subject"] == "assignments/1"
    assert message.headers["cloudEvents_partitionkey"] == "assignments/1"
    await sink.close()


async def test_an_event_that_no_queue_takes_fails_for_good_by_itself(rig, make_event):
    rig.apart.run(rig.queue.unbind(rig.exchange, "#"))
    rig.apart.run(rig.queue.bind(rig.exchange, "acme.assignments.created"))
    sink = rig.sink(batch=10)
    failures = await sink.deliver(
        [make_event(1, change="created"), make_event(2), make_event(3, change="created")]
    )
    assert set(failures) == {1}
    assert (failures[1].scope, failures[1].permanent) == ("event", True)
    assert "unroutable" in failures[1].reason
    assert "acme.assignments.updated" in failures[1].reason
    assert sorted(rig.subjects()) == ["assignments/1", "assignments/3"]
    await sink.close()


async def test_unroutable_events_may_be_dropped_where_that_is_meant(rig, make_event):
    rig.apart.run(rig.queue.unbind(rig.exchange, "#"))
    sink = rig.sink(unroutable="drop")
    assert await sink.deliver([make_event(1)]) == {}
    assert rig.subjects() == []
    await sink.close()


async def test_an_event_that_a_full_queue_refuses_may_be_tried_again(rig, channel, make_event):
    full = {"x-max-length": 1, "x-overflow": "reject-publish"}
    queue = await channel.declare_queue(f"{rig.name}-full", exclusive=True, arguments=full)
    sink = rig.sink(exchange="", routing_key=queue.name, batch=10)
    failures = await sink.deliver([make_event(1), make_event(2), make_event(3)])
    assert 0 not in failures
    assert failures
    assert {(failure.scope, failure.permanent) for failure in failures.values()} == {("event", False)}
    await queue.purge()
    assert await sink.deliver([make_event(2)]) == {}
    await sink.close()


async def test_the_default_exchange_puts_events_into_the_queue_that_the_routing_key_names(rig, make_event):
    sink = rig.sink(exchange="", routing_key=rig.name)
    assert await sink.deliver([make_event(1)]) == {}
    assert rig.subjects() == ["assignments/1"]
    await sink.close()


async def test_a_missing_exchange_is_named_with_what_to_do(rig, make_event):
    sink = rig.sink(exchange=f"{rig.name}-missing")
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert f"{rig.name}-missing" in failures[0].reason
    assert "declare: true" in failures[0].reason
    await sink.close()


async def test_declare_makes_a_durable_topic_exchange(rig, channel, make_event):
    name = f"{rig.name}-declared"
    sink = rig.sink(exchange=name, declare=True, unroutable="drop")
    assert await sink.deliver([make_event(1)]) == {}
    # Declared with other properties, an exchange that exists is an error.
    made = await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
    await made.delete()
    await sink.close()


async def test_an_exchange_that_goes_away_is_the_sinks_trouble_until_it_is_back(rig, make_event):
    sink = rig.sink(batch=5)
    assert await sink.deliver([make_event(1)]) == {}
    rig.apart.run(rig.exchange.delete())
    failures = await sink.deliver([make_event(2), make_event(3)])
    assert {failure.scope for failure in failures.values()} == {"sink"}
    assert set(failures) == {0, 1}
    rig.apart.run(rig.restore())
    assert await sink.deliver([make_event(2), make_event(3)]) == {}
    assert sorted(rig.subjects()) == ["assignments/1", "assignments/2", "assignments/3"]
    await sink.close()


@pytest.mark.parametrize("path", ["", "nowhere"])
async def test_a_refused_login_or_host_is_the_sinks_trouble_and_shows_no_password(
    rig, make_event, caplog, path
):
    caplog.set_level("DEBUG")
    user = "guest:hunter22-rabbit" if not path else "guest:guest"
    sink = rig.sink(url=f"amqp://{user}@127.0.0.1:{rig.proxy.port}/{path}")
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert failures[0].reason
    await sink.close()
    assert "hunter22" not in failures[0].reason + caplog.text


async def test_a_broker_that_blocks_publishers_is_waited_for_no_longer_than_the_time_limit(rig, make_event):
    sink = rig.sink(timeout_seconds=0.3, batch=100)
    await sink.deliver([make_event(0)])
    with rig.stalled():
        big = [make_event(number, resource={"comments": "x" * 500_000}) for number in range(1, 40)]
        failures = await sink.deliver(big)
    assert {failure.scope for failure in failures.values()} == {"sink"}
    assert len(failures) == 39
    assert await sink.deliver([make_event(50)]) == {}
    await sink.close()


@pytest.mark.parametrize(
    ("error", "permanent", "scope"),
    [
        (exceptions.ChannelPreconditionFailed("message size 2 is larger than 1"), True, "event"),
        (exceptions.ChannelNotFoundEntity("no exchange"), False, "sink"),
        (exceptions.AMQPConnectionError("gone"), False, "sink"),
        (ssl.SSLError("certificate"), False, "sink"),
    ],
)
def test_what_the_broker_says_decides_whether_to_try_again(error, permanent, scope):
    failure = judge(error)
    assert (failure.permanent, failure.scope) == (permanent, scope)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "https://host"}, "amqp:// or amqps://"),
        ({"routing_key": ""}, "empty"),
        ({"routing_key": "{id}"}, "placeholder"),
        ({"routing_key": "x" * 256}, "255"),
        ({"exchange": "x" * 128}, "127"),
        ({"exchange": "", "declare": True}, "always there"),
        ({"exchange": "amq.topic", "declare": True}, "always there"),
        ({"unroutable": "ignore"}, "dead_letter"),
    ],
)
def test_a_mistake_is_refused_and_named(wrong, told):
    with pytest.raises(ValidationError, match=told):
        RabbitmqOptions(**{"type": "rabbitmq", "url": "amqp://host"} | wrong)
