"""`GET /events/stream`: the log as Server-Sent Events, without a hole and without an end.

The id of a message is the cursor behind its event: a client that comes back with it as `Last-Event-ID` goes on with the
event after. A client reads the log at its own pace: what it has not taken yet stays in the log, not in memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import anyio
import structlog
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from service.event_query import EventQuery, fitting, known, stream_query
from service.events_api import answering
from workers.store import Store
from workers.store.connect import UNAVAILABLE
from workers.store.event_pages import Page, Wanted, at_end
from workers.store.log_watch import LogWatch
from workers.store.position import Position

log = structlog.get_logger()

#: So many streams at the same time, in one process.
MOST = 200
HEARTBEAT_SECONDS = 15.0
#: A client that takes nothing for so long is cut off; it may come back to where it was.
STALLED_SECONDS = 60.0
#: What a client is told to wait before it connects again.
_RETRY_MS = 1000
_AGAIN_SECONDS = 0.25
#: So long a shutdown waits for the message that is being sent.
_LAST_SECONDS = 1.0
_PAGE = 100


class EventStreams:
    """The route, as an ASGI application: it knows when a stream has ended."""

    def __init__(
        self,
        store: Store,
        watch: LogWatch,
        *,
        most: int = MOST,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        stalled_seconds: float = STALLED_SECONDS,
    ) -> None:
        self._store = store
        self._watch = watch
        self._most = most
        self._heartbeat = heartbeat_seconds
        self._stalled = stalled_seconds
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._open += 1
        try:
            response = await self._response(Request(scope))
            await response(scope, receive, send)
        except SendTimeoutError:
            log.warning("event stream cut off, the client takes nothing", seconds=self._stalled)
        finally:
            self._open -= 1

    async def _response(self, request: Request) -> Response:
        if self._open > self._most:
            text = f"{self._most} streams are open, try again later"
            return JSONResponse({"error": text}, status_code=503, headers={"Retry-After": "5"})
        return await answering(self._begun)(request)

    async def _begun(self, request: Request) -> Response:
        query = stream_query(request)
        start = await self._start(query)
        shutdown = anyio.Event()
        follower = Follower(self._store, self._watch, query, start, self._heartbeat, shutdown)
        return EventSourceResponse(
            follower.messages(),
            ping=0,  # its heartbeats would come from beside the messages, with an id that may be old by then
            send_timeout=self._stalled,
            shutdown_event=shutdown,
            shutdown_grace_period=_LAST_SECONDS,
        )

    async def _start(self, query: EventQuery) -> Position:
        heads = await self._store.pages.heads()
        known(query.filter, heads)
        return at_end(Position(), heads) if query.after is None else fitting(query.after, heads)


class Follower:
    """One client's way through the log. All ids are sent from one place: none is ever older than the one before."""

    def __init__(
        self,
        store: Store,
        watch: LogWatch,
        query: EventQuery,
        start: Position,
        heartbeat_seconds: float,
        shutdown: anyio.Event,
    ) -> None:
        self._pages = store.pages
        self._wanted: Wanted = query.filter.wanted(store.inbox)
        self._watch = watch
        self._position = start
        self._heartbeat = heartbeat_seconds
        self._shutdown = shutdown

    async def messages(self) -> AsyncIterator[bytes]:
        """Begins with the position, so that a client that goes before the first event misses nothing."""
        yield ServerSentEvent(id=self._position.cursor(), retry=_RETRY_MS).encode()
        due, setbacks = time.monotonic() + self._heartbeat, self._watch.setbacks
        with self._watch.followed():
            while self._watch.setbacks == setbacks and not self._shutdown.is_set():
                moved, page = self._watch.moved, await self._next()
                if told := self._told(page, due):
                    yield told
                    due = time.monotonic() + self._heartbeat
                if page is None:
                    await asyncio.sleep(_AGAIN_SECONDS)
                elif not page.more:
                    await self._wait(moved, due)

    async def _wait(self, moved: asyncio.Event, due: float) -> None:
        """Until the log moved, until it is time for a sign of life, or until the process ends."""
        waiting = [asyncio.ensure_future(event.wait()) for event in (moved, self._shutdown)]
        try:
            await asyncio.wait(waiting, timeout=due - time.monotonic(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waiting:
                wait.cancel()

    async def _next(self) -> Page | None:
        """None while the store is away."""
        try:
            return await self._pages.page(self._position, self._watch.heads, self._wanted, _PAGE)
        except UNAVAILABLE:
            return None

    def _told(self, page: Page | None, due: float) -> bytes:
        """What to send now, and the position behind it."""
        text = b""
        if page is not None:
            text = self._events(page)
            self._position = page.after
        return text or (self._still_here() if time.monotonic() >= due else b"")

    def _still_here(self) -> bytes:
        """A comment, and how far the log was read: where a filter lets little through, it need not be read again."""
        return ServerSentEvent(comment="still here", id=self._position.cursor()).encode()

    def _events(self, page: Page) -> bytes:
        position, messages = self._position.copy(), []
        for found in page.found:
            position.move(found.partition, found.number)
            text, type_ = found.event.json.decode(), found.event.head.type
            messages.append(ServerSentEvent(text, event=type_, id=position.cursor()).encode())
        return b"".join(messages)
