"""The postgres sink against `executemany` into the same two tables: `python -m bench.sink_postgres [URL]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.postgres import PostgresSink
from workers.sinks.postgres_options import PostgresOptions

URL = sys.argv[1] if len(sys.argv) > 1 else "postgresql://postgres@127.0.0.1:5432/test"
SCHEMA = f"bench_{uuid4().hex[:8]}"

_EVENT = """insert into events
  (id, source, type, subject, time, tenant, collection, resource_id, version, change, event)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (id) do nothing"""
_STATE = """insert into state as known
  (tenant, collection, resource_id, version, deleted, time, event_id, resource)
values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (tenant, collection, resource_id) do update set
  version = excluded.version, deleted = excluded.deleted, time = excluded.time, event_id = excluded.event_id,
  resource = excluded.resource
where excluded.version > known.version"""


def options() -> PostgresOptions:
    tables = {"events_table": f"{SCHEMA}.events", "state_table": f"{SCHEMA}.state"}
    return PostgresOptions.model_validate({"type": "postgres", "url": URL, "batch": BATCH, **tables})


async def bare(events: Sequence[Event]) -> float:
    """One transaction for each batch, with the same effect. The tables are those the sink has made."""
    await ours(events[:1])
    connection = await psycopg.AsyncConnection.connect(URL, options=f"-c search_path={SCHEMA}")
    clock = asyncio.get_running_loop().time
    started = clock()
    async with connection:
        for at in range(0, len(events), BATCH):
            await _insert(connection, events[at : at + BATCH])
            await connection.commit()
    return clock() - started


async def _insert(connection: psycopg.AsyncConnection[tuple[object, ...]], events: Sequence[Event]) -> None:
    rows, states = [], []
    for event in events:
        head, data = event.head, event.head.data
        record = (data.tenant, data.collection, data.id, head.sequence)
        json = event.json.decode()
        rows.append((head.id, head.source, head.type, head.subject, head.time, *record, data.change, json))
        resource = Jsonb(event.as_dict()["data"]["resource"])
        states.append((*record, data.change == "deleted", head.time, head.id, resource))
    async with connection.cursor() as cursor:
        await cursor.executemany(_EVENT, rows)
        await cursor.executemany(_STATE, states)


async def ours(events: Sequence[Event]) -> float:
    sink = PostgresSink("bench", options())
    seconds = await delivered(sink, events)
    await sink.close()
    return seconds


def main() -> None:
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute(SQL("create schema {}").format(Identifier(SCHEMA)))
        try:
            compare("postgres", bare, ours)
        finally:
            connection.execute(SQL("drop schema {} cascade").format(Identifier(SCHEMA)))


if __name__ == "__main__":
    main()
