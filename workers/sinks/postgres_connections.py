"""A few connections to PostgreSQL, opened when they are needed and dropped when they are in doubt."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    Connection = AsyncConnection[Any]

#: Transactions at the same time: the next batch is sent while the last one is written to the server's disk.
_MOST: Final = 2


class Connections:
    """`prepare` is called with every new connection."""

    def __init__(self, url: str, prepare: Callable[[Connection], Awaitable[None]] | None) -> None:
        # Imported here: only who has such a sink has the library.
        import psycopg  # noqa: PLC0415

        self._connect = psycopg.AsyncConnection.connect
        self._idle_status = psycopg.pq.TransactionStatus.IDLE
        self._lost = psycopg.OperationalError
        self._url = url
        self._prepare = prepare
        self._turns = asyncio.Semaphore(_MOST)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def one(self, deadline: float) -> AsyncIterator[Connection]:
        """A connection in autocommit mode that breaks at the deadline (the loop's clock).

        Raises `psycopg.Error`, `OSError`, or `TimeoutError` when there is none in time.
        """
        async with asyncio.timeout_at(deadline):
            await self._turns.acquire()
        try:
            connection = await self._reusable() or await self._open(deadline)
            try:
                with _broken_at(deadline, connection):
                    yield connection
            except BaseException:
                # Whatever it was: the next attempt begins with a new one, and looks for the tables again.
                await connection.close()
                raise
            await self._take_back(connection)
        finally:
            self._turns.release()

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _reusable(self) -> Connection | None:
        """A connection that, as far as can be seen from here, its server has not closed since."""
        while self._idle:
            connection = self._idle.pop()
            try:
                connection.pgconn.consume_input()
            except self._lost:
                await connection.close()
            else:
                return connection
        return None

    async def _open(self, deadline: float) -> Connection:
        async with asyncio.timeout_at(deadline):
            # Prepared statements stay with one connection of the server: a pooler between may give another.
            connection = await self._connect(self._url, autocommit=True, prepare_threshold=None)
        try:
            with _broken_at(deadline, connection):
                if self._prepare is not None:
                    await self._prepare(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _take_back(self, connection: Connection) -> None:
        if connection.info.transaction_status == self._idle_status:
            self._idle.append(connection)
        else:
            await connection.close()


@contextmanager
def _broken_at(deadline: float, connection: Connection) -> Iterator[None]:
    """Not a cancellation: psycopg would ask the server to cancel the statement, and wait for one that may be silent."""
    timer = asyncio.get_running_loop().call_at(deadline, _hang_up, connection)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: Connection) -> None:
    if not connection.closed:
        with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)
