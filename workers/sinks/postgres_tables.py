"""The two tables of a postgres sink, and the statements that fill them.

PostgreSQL's jsonb knows no U+0000, which a text of Protime may hold: in `event` and `resource` U+FFFD stands for it, and
`original` then has the event as it is. Without such a character `original` is null.

Versions are compared byte by byte (collation "C"), as everywhere else. Other columns may be added, with a default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_EVENTS: Final = """
create table if not exists {events} (
  position    bigint generated always as identity unique,
  id          text collate "C" primary key,
  source      text not null,
  type        text not null,
  subject     text not null,
  time        timestamptz not null,
  tenant      text not null,
  collection  text not null,
  resource_id bigint not null,
  version     text collate "C" not null,
  change      text not null,
  event       jsonb not null,
  original    text
)"""

_STATE: Final = """
create table if not exists {state} (
  tenant      text not null,
  collection  text not null,
  resource_id bigint not null,
  version     text collate "C" not null,
  deleted     boolean not null,
  time        timestamptz not null,
  event_id    text not null,
  resource    jsonb,
  primary key (tenant, collection, resource_id)
)"""

_INSERT: Final = """
insert into {events}
  (id, source, type, subject, time, tenant, collection, resource_id, version, change, event, original)
select id, source, type, subject, time, tenant, collection, resource_id, version, change, event::jsonb, original
from unnest(%b::text[], %b::text[], %b::text[], %b::text[], %s::timestamptz[], %b::text[], %b::text[], %s::bigint[],
            %b::text[], %b::text[], %b::text[], %b::text[]) with ordinality
  as given
    (id, source, type, subject, time, tenant, collection, resource_id, version, change, event, original, place)
order by place
on conflict (id) do nothing"""

_UPSERT: Final = """
insert into {state} as known
  (tenant, collection, resource_id, version, deleted, time, event_id, resource)
select tenant, collection, resource_id, version, deleted, time, event_id, resource::jsonb
from unnest(%b::text[], %b::text[], %s::bigint[], %b::text[], %s::boolean[], %s::timestamptz[], %b::text[], %b::text[])
  as given (tenant, collection, resource_id, version, deleted, time, event_id, resource)
on conflict (tenant, collection, resource_id) do update set
  version = excluded.version, deleted = excluded.deleted, time = excluded.time,
  event_id = excluded.event_id, resource = excluded.resource
where excluded.version collate "C" > known.version collate "C\""""

#: Of the whole database: two workers that start together make the tables one after the other.
_LOCK: Final = 0x5377697265


class Tables:
    """The names are checked (`TableName`), so quoting them is all there is to do."""

    def __init__(self, events: str, state: str) -> None:
        self._names = {"events": _quoted(events), "state": _quoted(state)}
        self.insert = _INSERT.format(**self._names)
        self.upsert = _UPSERT.format(**self._names)

    async def find(self, connection: AsyncConnection[Any]) -> None:
        """Raises `LookupError` with what to do unless both are there, and `psycopg.Error`."""
        for name in self._names.values():
            found = await connection.execute("select to_regclass(%s) is not null", (name,))
            if await found.fetchone() != (True,):
                raise LookupError(f"there is no table {name}: make it, or set `create_tables: true`")

    async def create(self, connection: AsyncConnection[Any]) -> None:
        """Makes what is missing. Where both are there, no right to create is needed. Raises `psycopg.Error`."""
        found = await connection.execute(
            "select to_regclass(%(events)s) is not null and to_regclass(%(state)s) is not null", self._names
        )
        if await found.fetchone() == (True,):
            return
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            await connection.execute(_EVENTS.format(**self._names).encode())
            await connection.execute(_STATE.format(**self._names).encode())


def _quoted(name: str) -> str:
    return ".".join(f'"{part}"' for part in name.split("."))
