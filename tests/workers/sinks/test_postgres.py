from __future__ import annotations

import asyncio
import random
import time
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from pydantic import ValidationError

from tests.workers.sinks.rigs_postgres import DIRECT, PASSWORD, PostgresRig
from workers.sinks.chunks import HELD_BACK
from workers.sinks.postgres_errors import verdict
from workers.sinks.postgres_options import PostgresOptions
from workers.sinks.postgres_rows import without_nul


@pytest.fixture
def rig(tmp_path):
    rig = PostgresRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
async def make(rig):
    made = []

    def make(**options):
        made.append(rig.sink(**{"batch": 100} | options))
        return made[-1]

    yield make
    for sink in made:
        await sink.close()


@contextmanager
def role(rig, *, rights):
    """A role of the server that may log in and has these rights in the schema; its URL through the proxy."""
    name = f"shiftwire_{uuid4().hex[:8]}"
    rig.direct.execute(f"create role {name} login")
    for right in rights:
        rig.direct.execute(f"grant {right.format(schema=rig.schema)} to {name}")
    try:
        yield rig.url.replace("postgres:" + PASSWORD, f"{name}:{PASSWORD}")
    finally:
        rig.direct.execute(f"drop owned by {name}")
        rig.direct.execute(f"drop role {name}")


def state(rig, number):
    return rig.rows(f"select version, deleted from {{state}} where resource_id = {number}")


async def test_an_event_is_a_row_with_its_attributes_in_columns(rig, make, make_event):
    event = make_event(7)
    assert await make().deliver([event]) == {}
    assert rig.rows(
        "select id, source, type, subject, time = '2026-03-09T14:03:11.512Z', tenant, collection, resource_id, version,"
        " change, event, original from {events}"
    ) == [
        (
            event.id,
            event.head.source,
            event.head.type,
            "assignments/7",
            True,
            "acme",
            "assignments",
            7,
            "0001",
            "updated",
            event.as_dict(),
            None,
        )
    ]


async def test_a_record_is_a_row_with_its_newest_version(rig, make, make_event):
    events = [make_event(7, version=version, resource={"v": version}) for version in ("0001", "0003", "0002")]
    assert await make().deliver(events) == {}
    assert rig.rows(
        "select tenant, collection, resource_id, version, deleted, event_id, resource from {state}"
    ) == [("acme", "assignments", 7, "0003", False, events[1].id, {"v": "0003"})]
    assert rig.ids() == [event.id for event in events]


async def test_the_state_never_goes_backwards_however_often_and_late_old_versions_come(rig, make, make_event):
    sink, other = make(), make()
    events = [make_event(number, version=f"{version:04}") for number in range(4) for version in range(20)]
    seen = dict.fromkeys(range(4), "")
    dice = random.Random(5)
    for _ in range(12):
        some = dice.sample(events, 15)
        await asyncio.gather(sink.deliver(some), other.deliver(some[::-1]))
        for number, version in rig.rows("select resource_id, version from {state}"):
            assert version >= seen[number]
            seen[number] = version
    while await sink.deliver(events):
        pass
    assert rig.rows("select distinct version from {state}") == [("0019",)]
    assert sorted(rig.ids()) == sorted(event.id for event in events)


async def test_versions_are_compared_byte_by_byte(rig, make, make_event):
    sink = make()
    for version in ("000a", "000B"):
        await sink.deliver([make_event(7, version=version)])
    assert state(rig, 7) == [("000a", False)]


async def test_a_late_update_does_not_bring_a_deleted_record_back(rig, make, make_event):
    sink = make()
    await sink.deliver([make_event(7, version="0005", change="deleted", resource=None)])
    await sink.deliver([make_event(7, version="0004")])
    assert state(rig, 7) == [("0005", True)]
    assert rig.rows("select resource from {state}") == [(None,)]
    await sink.deliver([make_event(7, version="0006", change="created")])
    assert state(rig, 7) == [("0006", False)]


@pytest.mark.parametrize(
    ("json", "stored"),
    [
        (r'{"a":"x\u0000y"}', r'{"a":"x\ufffdy"}'),
        (r'{"a":"\\u0000"}', r'{"a":"\\u0000"}'),
        (r'{"a":"\\\u0000"}', r'{"a":"\\\ufffd"}'),
        (r'{"a":"\u0000\u0000"}', r'{"a":"\ufffd\ufffd"}'),
        (r'{"a":"u0000"}', r'{"a":"u0000"}'),
    ],
)
def test_only_the_escape_of_nul_is_replaced(json, stored):
    assert without_nul(json) == stored


async def test_a_text_with_nul_can_be_queried_and_is_kept_as_it_is(rig, make, make_event):
    odd = make_event(7, resource={"comments": "a\u0000b"})
    assert await make().deliver([odd, make_event(8)]) == {}
    assert rig.rows(
        "select event->'data'->'resource'->>'comments', original from {events} where resource_id = 7"
    ) == [("a\ufffdb", odd.json.decode())]
    assert rig.rows("select resource->>'comments' from {state} where resource_id = 7") == [("a\ufffdb",)]


async def test_a_refused_event_fails_alone_for_good_and_holds_back_what_follows_it(rig, make, make_event):
    sink = make()
    await sink.deliver([make_event(0)])
    rig.direct.execute(
        f"alter table {rig.schema}.events add constraint unlucky check (id not like '%/13/0002')"
    )
    events = [make_event(number) for number in range(10, 17)]
    events += [make_event(13, version="0002"), make_event(20), make_event(13, version="0003")]
    failures = await sink.deliver(events)
    assert set(failures) == {7, 9}
    assert (failures[7].scope, failures[7].permanent) == ("event", True)
    assert "unlucky" in failures[7].reason
    # The row that was refused tells of people: it is not part of the reason.
    assert "Failing row" not in failures[7].reason
    assert failures[9] == HELD_BACK
    assert rig.subjects() == [f"assignments/{number}" for number in (0, *range(10, 17), 20)]
    assert state(rig, 13) == [("0001", False)]


async def test_a_value_that_no_column_takes_is_the_fault_of_its_event_alone(rig, make, make_event):
    failures = await make().deliver([make_event(1), make_event(2**70), make_event(3)])
    assert {index: (failure.scope, failure.permanent) for index, failure in failures.items()} == {
        1: ("event", True)
    }
    assert rig.subjects() == ["assignments/1", "assignments/3"]


async def test_event_and_state_are_written_together_or_not_at_all(rig, make, make_event):
    sink = make()
    await sink.deliver([make_event(1)])
    rig.direct.execute(f"alter table {rig.schema}.state add constraint unlucky check (resource_id <> 13)")
    failures = await sink.deliver([make_event(13)])
    assert failures[0].permanent
    assert rig.subjects() == ["assignments/1"]


async def test_more_than_one_statement_may_hold_goes_in_parts(rig, make, make_event):
    events = [make_event(number, resource={"comments": "x" * 3_000_000}) for number in range(3)]
    assert await make(timeout_seconds=60).deliver(events) == {}
    assert rig.subjects() == [f"assignments/{number}" for number in range(3)]
    assert rig.rows("select count(distinct xmin::text) > 1 from {events}") == [(True,)]


async def test_workers_that_start_together_make_the_tables_once(make, make_event):
    sinks = [make() for _ in range(8)]
    answers = await asyncio.gather(*(sink.deliver([make_event(i)]) for i, sink in enumerate(sinks)))
    assert answers == [{}] * 8


async def test_tables_that_were_dropped_are_made_again(rig, make, make_event):
    sink = make()
    await sink.deliver([make_event(1)])
    rig.direct.execute(f"drop table {rig.schema}.events, {rig.schema}.state")
    failures = await sink.deliver([make_event(2)])
    assert {failure.scope for failure in failures.values()} <= {"sink"}
    assert await sink.deliver([make_event(2)]) == {}
    assert rig.subjects() == ["assignments/2"]


async def test_without_leave_to_make_tables_a_missing_one_is_named(make, make_event):
    failures = await make(create_tables=False).deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert '.events" does not exist' in failures[0].reason


async def test_where_the_tables_are_there_no_right_to_make_them_is_needed(rig, make, make_event):
    await make().deliver([make_event(1)])
    rights = ["usage on schema {schema}", "select, insert, update on all tables in schema {schema}"]
    with role(rig, rights=rights) as url:
        sink = make(url=url)
        assert await sink.deliver([make_event(1, version="0002"), make_event(2)]) == {}
        await sink.close()
    assert state(rig, 1) == [("0002", False)]


async def test_missing_rights_are_a_matter_of_the_sink(rig, make, make_event):
    with role(rig, rights=["usage on schema {schema}"]) as url:
        sink = make(url=url)
        failures = await sink.deliver([make_event(1)])
        await sink.close()
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert "permission denied" in failures[0].reason


async def test_a_locked_table_costs_the_time_out_and_leaves_no_statement_behind(rig, make, make_event):
    sink = make(timeout_seconds=0.4)
    await sink.deliver([make_event(1)])
    with psycopg.connect(DIRECT) as holder:
        holder.execute(f"lock table {rig.schema}.events")
        started = time.monotonic()
        failures = await sink.deliver([make_event(2), make_event(3)])
        assert time.monotonic() - started < 1
        assert {(failure.scope, failure.permanent) for failure in failures.values()} == {("sink", False)}
        await asyncio.sleep(0.5)
        waiting = f"select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%{rig.schema}%'"
        assert rig.rows(waiting) == [(0,)]
    assert await sink.deliver([make_event(2), make_event(3)]) == {}


async def test_a_server_that_hangs_up_in_the_middle_costs_one_attempt(rig, make, make_event):
    sink = make()
    await sink.deliver([make_event(1)])
    rig.direct.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like %s and pid <> pg_backend_pid()",
        (f"%{rig.schema}%",),
    )
    failures = await sink.deliver([make_event(2)])
    assert {failure.scope for failure in failures.values()} <= {"sink"}
    assert await sink.deliver([make_event(2)]) == {}


async def test_connections_stay_few_and_are_used_again(rig, make, make_event):
    sink = make()
    for start in range(0, 60, 20):
        await asyncio.gather(*(sink.deliver([make_event(start + number)]) for number in range(20)))
    assert rig.proxy.connections == 2


async def test_a_role_that_does_not_exist_is_named_and_the_password_is_not(rig, make, make_event):
    failures = await make(url=rig.url.replace("postgres:", "nobody_here:")).deliver([make_event(1)])
    assert failures[0].scope == "sink"
    assert "nobody_here" in failures[0].reason
    assert PASSWORD not in failures[0].reason


@pytest.mark.parametrize(
    ("sqlstate", "permanent", "scope"),
    [
        ("22P02", True, "event"),  # not readable as its type
        ("23514", True, "event"),  # check constraint
        ("54000", True, "event"),  # too long for an index
        ("P0001", True, "event"),  # raised by a trigger
        ("40P01", False, "sink"),  # deadlock
        ("42501", False, "sink"),  # no right
        ("53100", False, "sink"),  # disk full
        ("57P01", False, "sink"),  # the server ends
        ("25006", False, "sink"),  # a standby
        (None, False, "sink"),  # no answer at all
    ],
)
def test_what_speaks_of_the_data_is_permanent_and_everything_else_the_sinks(sqlstate, permanent, scope):
    failure = verdict(sqlstate, "text")
    assert (failure.permanent, failure.scope) == (permanent, scope)


def test_the_password_is_in_no_form_of_the_options():
    url = "postgresql://me:s%2Fcret@h:5432,i:5433/db?sslpassword=hush&target_session_attrs=read-write"
    options = PostgresOptions(type="postgres", url=url)
    texts = [repr(options), str(options), options.model_dump_json(), str(options.model_dump())]
    assert not [text for text in texts for secret in ("s%2Fcret", "s/cret", "hush") if secret in text]
    assert "postgresql://h:5432,i:5433" in texts[0]
    assert options.url.hidden >= {"s%2Fcret", "s/cret", "hush"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": "mysql://h/db"}, "must begin with postgresql://"),
        ({"url": "postgresql:///db"}, "names no host"),
        ({"url": "postgresql://me:a/b@h/db"}, "percent-encoded"),
        ({"url": "postgresql://me:100%@h/db"}, "percent-encoded"),
        ({"url": "postgresql://h/db?sslmod=require"}, "sslmod"),
        ({"url": "postgresql://h", "events_table": "a.b.c"}, "events_table"),
        ({"url": "postgresql://h", "events_table": 'a"; drop table x; --'}, "events_table"),
        ({"url": "postgresql://h", "state_table": ""}, "state_table"),
        ({"url": "postgresql://h", "events_table": "x", "state_table": "x"}, "must differ"),
    ],
)
def test_a_mistake_in_the_options_is_named_without_its_value(options, says):
    with pytest.raises(ValidationError, match=says) as caught:
        PostgresOptions(type="postgres", **options)
    assert "a/b" not in str(caught.value)
