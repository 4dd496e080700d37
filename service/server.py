"""The web server, with an end that no client can put off, and no place for those who connect and say nothing."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import time

import uvicorn

from service.connection import Connection

#: So long a client may take for the rest of an answer that is complete, once the process is ending.
_LAST_SECONDS = 3.0
#: Uvicorn ticks ten times a second.
_TICKS_BETWEEN_LOOKS = 10


class Server(uvicorn.Server):
    """Connections that keep a place without using it are cut off.

    While serving: those on which no request arrives. At shutdown: those whose answer is done, but whose client takes
    nothing any more. Without that, one reader that stalled in the middle of a stream would cost the whole time that
    requests under way are given to finish.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            self._log_started_message(sockets)  # uvicorn tells of those alone that it took itself

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_BETWEEN_LOOKS == 0:
            self._end_overdue(time.monotonic())
        return await super().on_tick(counter)

    def _end_overdue(self, now: float) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection) and connection.overdue(now):
                connection.transport.abort()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        cutting = asyncio.create_task(self._cut_off())
        await super().shutdown(sockets)
        cutting.cancel()

    async def _cut_off(self) -> None:
        await asyncio.sleep(_LAST_SECONDS)
        for connection in list(self.server_state.connections):
            if connection.transport.is_closing():
                connection.transport.abort()


def allow_many_connections() -> None:
    """Each takes a file descriptor, and many systems give a process a thousand until it asks for more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # What the system cannot grant stays as it is.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
