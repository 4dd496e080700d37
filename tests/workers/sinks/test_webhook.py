from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_binary_event, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.workers.sinks.receiver import Answer
from tests.workers.sinks.rigs import SECRET
from workers.events import Event
from workers.sinks.attributes import attributes

OTHER_SECRET = "whsec_bmV3IHNlY3JldCBvZiAyNCBieXRlcyEhIQ=="


def parsed(request):
    return HTTPMessage(headers=request.headers, body=request.body)


async def test_structured_mode_sends_the_bytes_of_the_log(webhook, receiver, make_event):
    event = make_event(1)
    assert await webhook().deliver([event]) == {}
    (request,) = receiver.requests
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert request.body == event.json
    received = from_structured_event(parsed(request))
    assert received.get_id() == event.id
    assert received.get_extension("partitionkey") == "assignments/1"
    assert received.get_data() == event.as_dict()["data"]


async def test_batch_mode_sends_a_json_array_even_of_one(webhook, receiver, make_event):
    sink = webhook(batch=3)
    events = [make_event(number) for number in range(4)]
    assert await sink.deliver(events) == {}
    first, second = receiver.requests
    assert (
        first.headers["content-type"]
        == second.headers["content-type"]
        == "application/cloudevents-batch+json"
    )
    assert first.body == b"[" + b",".join(event.json for event in events[:3]) + b"]"
    received = [JSONFormat().read(None, json.dumps(item)) for item in json.loads(second.body)]
    assert [event.get_id() for event in received] == [events[3].id]


async def test_binary_mode_sends_attributes_as_headers_and_the_data_unchanged(webhook, receiver, make_event):
    event = make_event(1)
    assert await webhook(mode="binary").deliver([event]) == {}
    (request,) = receiver.requests
    assert request.headers["content-type"] == "application/json"
    assert request.headers["ce-id"] == event.id
    assert request.headers["ce-sequence"] == "0001"
    assert request.headers["ce-time"].startswith("2026-03-09T14:03:11.512")
    assert request.body in event.json
    assert "ce-ownwrite" not in request.headers
    received = from_binary_event(parsed(request))
    assert received.get_data() == event.as_dict()["data"]
    assert received.get_time().isoformat() == "2026-03-09T14:03:11.512000+00:00"
    assert {name: received.get_extension(name) for name in ("sequence", "partitionkey", "origin")} == {
        "sequence": "0001",
        "partitionkey": "assignments/1",
        "origin": "webhook",
    }


async def test_an_own_write_is_marked_by_an_extension_and_keeps_its_id(webhook, receiver, make_event):
    event = make_event()
    marked = event.as_own_write()
    assert await webhook(mode="binary").deliver([marked]) == {}
    (request,) = receiver.requests
    assert request.headers["ce-ownwrite"] == "true"
    assert request.headers["ce-id"] == request.headers["webhook-id"] == event.id
    assert {**event.as_dict(), "ownwrite": True} == marked.as_dict()
    assert (event.head.ownwrite, marked.head.ownwrite) == (False, True)


async def test_a_net_change_says_in_a_header_how_many_events_it_stands_for(webhook, receiver, make_event):
    net = Event(b'{"collapsed":3,' + make_event().json[1:])
    assert await webhook(mode="binary").deliver([net]) == {}
    assert receiver.requests[0].headers["ce-collapsed"] == "3"
    assert attributes(net.head)["collapsed"] == "3"
    assert "collapsed" not in attributes(make_event().head)


@pytest.mark.parametrize("options", [{}, {"batch": 5}, {"mode": "binary"}])
async def test_the_reference_library_verifies_the_signature(webhook, receiver, make_event, options):
    await webhook(secret=[SECRET, OTHER_SECRET], **options).deliver([make_event(1)])
    (request,) = receiver.requests
    for secret in (SECRET, OTHER_SECRET):
        Webhook(secret).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", request.headers)


async def test_an_unsigned_sink_sends_no_signature(webhook, receiver, make_event):
    await webhook(secret=None, unsigned=True).deliver([make_event(1)])
    (request,) = receiver.requests
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-id"] == make_event(1).id


async def test_a_retry_has_the_same_id_and_a_new_time(webhook, receiver, make_event):
    times = iter([1000.9, 2000.0])
    sink = webhook(batch=2, clock=lambda: next(times))
    events = [make_event(1), make_event(2)]
    for _ in range(2):
        await sink.deliver(events)
    first, second = (request.headers for request in receiver.requests)
    assert first["webhook-id"] == second["webhook-id"]
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1000", "2000")


async def test_the_id_of_one_event_is_its_own_and_of_a_batch_another(webhook, receiver, make_event):
    sink = webhook(batch=2)
    await sink.deliver([make_event(1), make_event(2), make_event(3)])
    batch, single = (request.headers["webhook-id"] for request in receiver.requests)
    assert single == make_event(3).id
    assert batch.startswith("batch_")


async def test_configured_headers_and_query_are_sent(webhook, receiver, make_event):
    sink = webhook(
        url=f"{receiver.url}?code=a%20b", headers={"Authorization": "Bearer abcdef", "User-Agent": "ours"}
    )
    await sink.deliver([make_event(1)])
    (request,) = receiver.requests
    assert (request.path, request.query) == ("/in", "code=a%20b")
    assert request.headers["authorization"] == "Bearer abcdef"
    assert request.headers["user-agent"] == "ours"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


async def test_connections_are_used_again(webhook, receiver, make_event):
    await webhook().deliver([make_event(number) for number in range(5)])
    assert (len(receiver.requests), len({request.client for request in receiver.requests})) == (5, 1)


@pytest.mark.parametrize("status", [400, 422, 500])
async def test_a_refused_batch_fails_as_a_whole_for_nobody_knows_whose_fault_it_is(
    webhook, receiver, make_event, status
):
    receiver.answer = Answer(status)
    failures = await webhook(batch=10).deliver([make_event(number) for number in range(3)])
    assert set(failures) == {0, 1, 2}
    assert len({id(failure) for failure in failures.values()}) == 1
    assert (failures[0].scope, failures[0].permanent) == ("event", status < 500)


async def test_singly_a_refused_event_fails_alone(webhook, receiver, make_event):
    receiver.answers = [Answer(200), Answer(422, body=b"start missing"), Answer(200)]
    failures = await webhook().deliver([make_event(number) for number in range(3)])
    assert {i: (failure.permanent, failure.reason) for i, failure in failures.items()} == {
        1: (True, "HTTP 422: start missing")
    }


async def test_a_busy_receiver_is_asked_once_and_its_wish_reported(webhook, receiver, make_event):
    receiver.answer = Answer(429, headers={"Retry-After": "17"})
    failures = await webhook().deliver([make_event(number) for number in range(3)])
    assert [(failure.scope, failure.retry_after) for failure in failures.values()] == [("sink", 17)] * 3
    assert len(receiver.requests) == 1


async def test_deliveries_run_side_by_side(webhook, receiver, make_event):
    receiver.answer = Answer(after_seconds=0.1)
    sink = webhook()
    started = time.monotonic()
    await asyncio.gather(*(sink.deliver([make_event(number)]) for number in range(20)))
    assert time.monotonic() - started < 1


async def test_an_echoed_secret_is_in_neither_reason_nor_log(webhook, receiver, make_event, caplog):
    caplog.set_level(logging.DEBUG)
    hidden = [SECRET, "abcdefgh", "in-query"]
    receiver.answer = Answer(500, body=" | ".join(hidden).encode())
    sink = webhook(url=f"{receiver.url}?code=in-query", headers={"Authorization": "Bearer abcdefgh"})
    failures = await sink.deliver([make_event(1)])
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    for text in (failures[0].reason, repr(sink), *logged):
        assert not [secret for secret in hidden if secret in text]


async def test_closing_during_a_delivery_fails_what_was_not_answered(webhook, receiver, make_event):
    receiver.answer = Answer(after_seconds=0.2)
    sink = webhook()
    delivery = asyncio.create_task(sink.deliver([make_event(1), make_event(2)]))
    await asyncio.sleep(0.1)
    await sink.close()
    failures = await delivery
    assert not failures[1].permanent
    assert failures[1].scope == "sink"
