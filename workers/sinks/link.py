"""One connection to a broker: made when it is first needed, shared by all deliveries, and made anew after it was lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Protocol

from workers.events import Event

#: How long a connection may take to say goodbye; aio-pika waits two seconds for an answer to it.
_CLOSE_SECONDS: Final = 3.0


class Connection(Protocol):
    """One connection, opened once. `lost` is done as soon as it is gone, with the reason where one is known."""

    @property
    def lost(self) -> asyncio.Future[Exception | None]: ...

    async def open(self) -> None:
        """Raises what the client raises."""
        ...

    async def publish(self, event: Event) -> None:
        """Returns once the event is durable at the broker; raises `ConnectionLost` and what the client raises.

        Several may run at the same time: the events go out in the order in which they were begun.
        """
        ...

    async def close(self) -> None:
        """Whatever became of the connection, also when it was never opened. Cancelled, it leaves nothing behind."""
        ...


class ConnectionLost(Exception):
    """The connection was gone before the broker had answered. The cause: why, where that is known."""


class LinkClosed(Exception):
    """The sink has been closed."""


class Link:
    """`make` gives a new connection, which is opened here; whoever needs it sets a deadline."""

    def __init__(self, make: Callable[[], Connection]) -> None:
        self._make = make
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def get(self) -> tuple[Connection, bool]:
        """The connection, and whether it was made just now. Raises `LinkClosed` and what `open` raises."""
        async with self._connecting:
            if self._closed:
                raise LinkClosed
            if self._connection is not None and not self._connection.lost.done():
                return self._connection, False
            self._drop_current()
            self._connection = connection = self._make()
            try:
                await connection.open()
            except BaseException:
                self._drop_current()
                raise
            return connection, True

    def drop(self, connection: Connection) -> None:
        """End a connection that was lost or stalls, and with it all that waits in its buffers."""
        if connection is self._connection:
            self._drop_current()

    async def close(self) -> None:
        self._closed = True
        async with self._connecting:
            self._drop_current()
        await asyncio.gather(*self._ending)

    def _drop_current(self) -> None:
        if self._connection is not None:
            task = asyncio.ensure_future(_end(self._connection))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
            self._connection = None


async def _end(connection: Connection) -> None:
    # Whatever the goodbye meets (a dead peer, mostly) is of no interest any more.
    with contextlib.suppress(Exception):
        await asyncio.wait_for(connection.close(), _CLOSE_SECONDS)
