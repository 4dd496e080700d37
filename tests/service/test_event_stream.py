from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs

from service.event_stream import EventStreams
from service.main import Reader, build
from tests.service.event_log import VIEWER, EventLog, installed, listening
from tests.service.processes import OwnRedis, Process
from tests.service.rig import config
from tests.service.sse import SseClient
from workers.store.connect import connect
from workers.store.position import Position


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    async with (
        listening(app) as (_, url),
        httpx.AsyncClient(
            base_url=url, timeout=10, limits=limits, headers={"authorization": f"Bearer {VIEWER}"}
        ) as http,
    ):
        yield http


@pytest.fixture
async def log(redis: Redis, redis_url: str) -> EventLog:
    return EventLog(config(installed(redis_url)), redis)


@pytest.fixture
async def http(redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with served(build(config(installed(redis_url)), redis_url)) as client:
        yield client


@asynccontextmanager
async def limited(url: str, **how: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Streams with other limits than the real ones."""
    reader = Reader(config(installed(url)), url)
    streams = EventStreams(reader.store, reader.watch, **how)
    watching = asyncio.create_task(reader.watch.keep())
    try:
        async with served(Starlette(routes=[Route("/events/stream", streams)])) as http:
            yield http
    finally:
        await ended(watching)
        await reader.close()


async def ended(watching: asyncio.Task[None]) -> None:
    """For certain: redis-py swallows a cancellation now and then."""
    while not watching.done():
        watching.cancel()
        await asyncio.wait([watching], timeout=0.02)


async def told(client: SseClient, number: int) -> list[str]:
    """The ids of the next events of one connection."""
    found: list[str] = []
    async with asyncio.timeout(10), aclosing(client.messages()) as messages:
        async for message in messages:
            found.append(message.event["id"])
            if len(found) == number:
                break
    return found


async def begun(client: SseClient) -> None:
    """Returns when the client knows where it is: what is written from now on is for it."""
    async with asyncio.timeout(10):
        while not client.reader.last:  # noqa: ASYNC110  # the client has no event for it
            await asyncio.sleep(0.01)


async def test_without_a_position_a_stream_begins_with_what_comes(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    await log.change(1, 2)
    client = SseClient(http)
    following = asyncio.create_task(told(client, 2))
    await begun(client)
    await log.change(1, version=2)
    await log.change(1, version=3)
    assert await following == log.ids[2:]
    assert client.reader.retry == 1000


async def test_a_message_is_the_event_with_its_type_and_the_cursor_behind_it(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    await log.change(1)
    await log.change(1, version=2)
    client = SseClient(http, query={"after": "0"})
    async with aclosing(client.messages()) as messages:
        first = await anext(messages)
    found = await log.store.log.find(log.ids[0])
    assert found is not None
    assert first.event == found.event.as_dict()
    assert first.type == "eu.myprotime.assignment.created.v1"
    assert Position.parse(client.reader.last).of(found.partition) == found.number
    page = await http.get("/events", params={"after": client.reader.last})
    assert [e["id"] for e in page.json()["events"]] == log.ids[1:]


async def test_the_cursor_of_a_page_is_where_a_stream_goes_on(log: EventLog, http: httpx.AsyncClient) -> None:
    await log.change(*range(5))
    cursor = (await http.get("/events", params={"limit": 2})).headers["shiftwire-cursor"]
    client = SseClient(http, query={"after": cursor})
    assert len(await told(client, 3)) == 3


async def test_a_client_that_went_before_the_first_event_misses_nothing(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    client = SseClient(http)
    following = asyncio.create_task(told(client, 1))
    await begun(client)
    following.cancel()
    await asyncio.wait([following])
    await log.change(1, 2, 3)
    assert sorted(await told(client, 3)) == log.ids


async def test_clients_that_come_and_go_see_every_event_once_and_in_order(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    chance, seen = random.Random(3), list[str]()
    client = SseClient(http, query={"after": "0"})

    async def write() -> None:
        for version in range(1, 61):
            await log.change(*chance.sample(range(20), 5), version=version)

    writing = asyncio.create_task(write())
    while not writing.done() or len(seen) < len(log.ids):
        seen += await told(client, chance.randint(1, 12) if len(seen) < 280 else 1)
    assert sorted(seen) == sorted(log.ids)
    for number in range(20):
        of = [id_ for id_ in seen if f"/{number}/" in id_]
        assert of == sorted(of)


async def test_a_filter_lets_through_what_it_wants(log: EventLog, http: httpx.AsyncClient) -> None:
    await log.change(1, 2)
    await log.change(9, collection="clockings")
    await log.change(2, version=2)
    query = {"after": "0", "subject": ["assignments/2", "clockings/9"]}
    assert sorted(await told(SseClient(http, query=query), 3)) == sorted(log.ids[1:])
    query = {"after": "0", "collection": "clockings"}
    assert await told(SseClient(http, query=query), 1) == ["acme/clockings/9/0001"]


@pytest.mark.parametrize("query", [{"after": "nonsense"}, {"limit": "3"}, {"tenants": "acme"}])
async def test_a_query_that_makes_no_sense_is_400(http: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await http.get("/events/stream", params=query)
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_an_id_that_is_no_cursor_is_400_even_with_a_good_after(http: httpx.AsyncClient) -> None:
    answer = await http.get("/events/stream", params={"after": "0"}, headers={"last-event-id": "17"})
    assert answer.status_code == 400


async def test_heartbeats_come_while_nothing_else_does_and_carry_the_position(
    log: EventLog, redis_url: str
) -> None:
    async with limited(redis_url, heartbeat_seconds=0.2) as http:
        client = SseClient(http, query={"collection": "clockings"})
        following = asyncio.create_task(told(client, 1))
        await begun(client)
        before = client.reader.last
        for version in count(1):  # none of these is for the client
            await log.change(1, version=version)
            if len(client.reader.comments) > 3:
                break
            await asyncio.sleep(0.02)
        assert client.reader.last != before
        await log.change(9, collection="clockings")
        assert await following == ["acme/clockings/9/0001"]


async def test_503_beyond_the_limit_and_a_place_again_when_one_goes(log: EventLog, redis_url: str) -> None:
    async with limited(redis_url, most=2) as http:
        clients = [SseClient(http) for _ in range(2)]
        following = [asyncio.create_task(told(client, 1)) for client in clients]
        for client in clients:
            await begun(client)
        full = await http.get("/events/stream")
        assert (full.status_code, full.headers["retry-after"]) == (503, "5")
        following[0].cancel()
        await asyncio.wait(following[:1])
        await asyncio.sleep(0.2)
        await log.change(1)
        assert await told(SseClient(http, query={"after": "0"}), 1) == log.ids
        assert await following[1] == log.ids


async def test_many_clients_share_few_connections_to_the_store(
    log: EventLog, http: httpx.AsyncClient, redis: Redis
) -> None:
    clients = [SseClient(http) for _ in range(60)]
    following = [asyncio.create_task(told(client, 20)) for client in clients]
    for client in clients:
        await begun(client)
    for version in range(1, 21):
        await log.change(1, version=version)
    assert await asyncio.gather(*following) == [log.ids] * 60
    assert len(await redis.client_list()) < 20


class Tap:
    """The server's side of a connection, to be held closed after the first chunks: keeps what the stream sends."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.chunks: list[bytes] = []
        self.open = asyncio.Event()
        self.gone = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.chunks.append(message.get("body", b""))
        if len(self.chunks) > self.free:
            await self.open.wait()

    def told(self) -> int:
        """How many events."""
        return b"".join(self.chunks).count(b"data: ")

    async def until(self, number: int) -> None:
        async with asyncio.timeout(10):
            while self.told() < number:  # noqa: ASYNC110  # a plain ASGI connection has no event for it
                await asyncio.sleep(0.01)

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}


@asynccontextmanager
async def tapped(url: str, *, free: int = 0, **how: Any) -> AsyncIterator[tuple[Tap, asyncio.Task[None]]]:
    """A stream from the beginning of the log into a connection that takes nothing yet."""
    reader, tap = Reader(config(installed(url)), url), Tap(free)
    watching = asyncio.create_task(reader.watch.keep())
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"after=0", "headers": []}
    streams = EventStreams(reader.store, reader.watch, **how)
    running = asyncio.create_task(streams(scope, tap.receive, tap.send))
    try:
        yield tap, running
    finally:
        tap.gone.set()
        await ended(watching)
        await asyncio.wait([running])
        await reader.close()


async def test_what_a_slow_client_has_not_taken_stays_in_the_log(log: EventLog, redis_url: str) -> None:
    for version in range(1, 31):
        await log.change(*range(10), version=version)
    async with tapped(redis_url) as (tap, _):
        await asyncio.sleep(0.3)
        assert len(tap.chunks) == 1  # the head of the answer
        tap.open.set()
        await tap.until(300)
        assert max(chunk.count(b"data: ") for chunk in tap.chunks) == 100


async def test_a_client_that_takes_nothing_is_cut_off(log: EventLog, redis_url: str) -> None:
    await log.change(1)
    async with tapped(redis_url, stalled_seconds=0.2) as (tap, running):
        tap.open.set()
        await asyncio.sleep(0.1)
        tap.open.clear()
        with capture_logs() as logs:
            await log.change(1, version=2)
            await asyncio.wait([running], timeout=5)
        assert running.done()
        assert "cut off" in logs[0]["event"]


async def test_an_event_is_told_within_milliseconds(log: EventLog, http: httpx.AsyncClient) -> None:
    client, took = SseClient(http), list[float]()
    async with asyncio.timeout(10), aclosing(client.messages()) as messages:
        following = asyncio.ensure_future(anext(messages))
        await begun(client)
        for version in range(1, 31):
            await asyncio.sleep(0.03)
            await log.change(1, version=version)
            written = time.perf_counter()
            await following
            took.append(time.perf_counter() - written)
            following = asyncio.ensure_future(anext(messages))
        following.cancel()
        await asyncio.wait([following])
    assert sorted(took)[15] < 0.03, took


async def test_a_stream_lives_through_a_restart_of_the_store(own_redis: OwnRedis) -> None:
    data, redis = installed(own_redis.url), connect(own_redis.url)
    log = EventLog(config(data), redis)
    async with served(build(config(data), own_redis.url)) as http:
        client = SseClient(http)
        following = asyncio.create_task(told(client, 6))
        await begun(client)
        await log.change(1, 2, 3)
        own_redis.kill()
        await asyncio.sleep(0.5)
        own_redis.start()
        await log.change(1, 2, 3, version=2)
        assert sorted(await following) == sorted(log.ids)
    await redis.aclose()


async def test_a_page_that_cannot_be_read_is_read_later(own_redis: OwnRedis) -> None:
    redis = connect(own_redis.url)
    log = EventLog(config(installed(own_redis.url)), redis)
    for version in range(1, 13):
        await log.change(*range(10), version=version)
    async with tapped(own_redis.url, free=2) as (tap, _):
        await tap.until(100)  # and there it stands, with a page to go
        own_redis.kill()
        tap.open.set()
        await asyncio.sleep(0.5)
        assert tap.told() == 100
        own_redis.start()
        await tap.until(120)
    await redis.aclose()


async def test_a_stream_ends_when_the_store_was_set_back(
    log: EventLog, http: httpx.AsyncClient, redis: Redis
) -> None:
    await log.change(1, 2, 3)
    client = SseClient(http, query={"after": "0"})
    following = asyncio.create_task(told(client, 100))
    await begun(client)
    await asyncio.sleep(0.2)
    await redis.flushall()
    assert len(await following) == 3  # it ended
    answer = await http.get("/events/stream", headers={"last-event-id": client.reader.last})
    assert answer.status_code == 400
    assert "ahead of the log" in answer.json()["error"]


async def test_shutdown_ends_streams_at_once(redis: Redis, redis_url: str) -> None:
    app = build(config(installed(redis_url)), redis_url)
    bearer = {"authorization": f"Bearer {VIEWER}"}
    async with listening(app) as (server, url), httpx.AsyncClient(base_url=url, headers=bearer) as http:
        client = SseClient(http)
        following = asyncio.create_task(told(client, 1))
        await begun(client)
        began = time.monotonic()
        server.should_exit = True
        assert await following == []  # with an orderly end, or the client would complain
        assert time.monotonic() - began < 1.5


async def test_a_client_that_takes_nothing_does_not_hold_up_the_end_of_the_process(
    log: EventLog, redis_url: str, tmp_path: Path
) -> None:
    for version in range(1, 5):
        await log.change(*range(800), version=version)  # more than the buffers of a connection hold
    process = Process(tmp_path, installed(redis_url))
    process.start()
    request = f"GET /events/stream?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {VIEWER}\r\n\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", process.port))
        client.sendall(request.encode())
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        await asyncio.sleep(0.5)
        began = time.monotonic()
        assert process.stop() == 0
        # Not at once, so it did stall; and not all the time there is.
        assert 1 < time.monotonic() - began < 12
