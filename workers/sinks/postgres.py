"""Two tables of PostgreSQL: every event once, and every record as it is now. See `postgres_tables` for their columns.

Both are written in one transaction, events by their id and records guarded by their version, so whatever is repeated or
comes late changes nothing: the effect is that of exactly one delivery. An event counts when the transaction is committed
and on the server's disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from workers.events import Event
from workers.sinks.base import CLOSED, Failure, Look
from workers.sinks.halves import in_halves
from workers.sinks.postgres_connections import Connections
from workers.sinks.postgres_errors import verdict
from workers.sinks.postgres_options import PostgresOptions
from workers.sinks.postgres_rows import event_columns, state_columns
from workers.sinks.postgres_tables import Tables
from workers.sinks.reasons import readable

if TYPE_CHECKING:
    import psycopg

#: Bytes of events in one statement: PostgreSQL takes a gigabyte, memory is dearer.
_STATEMENT_BYTES: Final = 8 * 1024 * 1024
_TOO_MUCH: Final = Failure("too much for one statement")

#: Whoever gave up must not leave a statement behind that holds rows; and a commit counts when it is on disk.
_SETTINGS: Final = """
select set_config('statement_timeout', %s, true),
  case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', true) end"""


class PostgresSink:
    def __init__(self, name: str, options: PostgresOptions) -> None:
        # Imported here: only who has such a sink has the library.
        import psycopg  # noqa: PLC0415

        self._errors = (psycopg.Error, OSError)
        self._data_error = psycopg.DataError
        self._name = name
        self._options = options
        self._hidden = options.url.hidden
        self._tables = Tables(options.events_table, options.state_table)
        prepare = self._tables.create if options.create_tables else None
        self._connections = Connections(options.url.get_secret_value(), prepare)
        self._closed = False

    def __repr__(self) -> str:
        return f"PostgresSink({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """One transaction; when PostgreSQL refuses a value, more of them, until it stands alone."""
        deadline = asyncio.get_running_loop().time() + self._options.timeout_seconds
        return await in_halves(events, partial(self._write, deadline))

    async def look(self) -> Look:
        """Makes no tables; where that is left to others, they must be there."""
        prepare = None if self._options.create_tables else self._tables.find
        connections = Connections(self._options.url.get_secret_value(), prepare)
        deadline = asyncio.get_running_loop().time() + self._options.timeout_seconds
        try:
            async with connections.one(deadline):
                return Look()
        except (LookupError, *self._errors) as error:
            return Look(
                str(error.args[0]) if isinstance(error, LookupError) else self._away(error, deadline).reason
            )
        finally:
            await connections.close()

    async def close(self) -> None:
        self._closed = True
        await self._connections.close()

    async def _write(self, deadline: float, events: Sequence[Event]) -> Failure | None:
        if self._closed:
            return CLOSED
        if len(events) > 1 and sum(len(event.json) for event in events) > _STATEMENT_BYTES:
            return _TOO_MUCH
        try:
            async with self._connections.one(deadline) as connection:
                return await self._commit(connection, events)
        except self._errors as error:
            return self._away(error, deadline)

    async def _commit(
        self, connection: psycopg.AsyncConnection[Any], events: Sequence[Event]
    ) -> Failure | None:
        """One round trip for all of it. Raises `psycopg.Error` unless the events themselves were refused."""
        try:
            async with connection.pipeline(), connection.transaction():
                await connection.execute(_SETTINGS, (f"{self._options.timeout_seconds * 1000:.0f}",))
                await connection.execute(self._tables.insert.encode(), event_columns(events))
                await connection.execute(self._tables.upsert.encode(), state_columns(events))
        except self._errors as error:
            failure = self._refused(error)
            if failure.scope == "sink":
                raise
            return failure
        return None

    def _refused(self, error: Exception) -> Failure:
        text = readable(_message(error), hide=self._hidden) or type(error).__name__
        sqlstate: str | None = getattr(error, "sqlstate", None)
        return verdict(sqlstate, text, client_side=isinstance(error, self._data_error))

    def _away(self, error: Exception, deadline: float) -> Failure:
        if asyncio.get_running_loop().time() >= deadline:
            return Failure(f"no answer within {self._options.timeout_seconds:g} s", scope="sink")
        return self._refused(error)


def _message(error: Exception) -> str:
    """Without PostgreSQL's details, which show the row."""
    diagnosis = getattr(error, "diag", None)
    primary: str | None = getattr(diagnosis, "message_primary", None)
    return primary or str(error)
