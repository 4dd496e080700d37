from __future__ import annotations

import asyncio
import time

import pytest
from pydantic import ValidationError

from tests.workers.sinks.rigs_redis import PASSWORD, RedisRig
from workers.sinks.chunks import HELD_BACK
from workers.sinks.redis import RedisOptions


@pytest.fixture
def rig(tmp_path):
    rig = RedisRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
async def make(rig):
    made = []

    def make(**options):
        made.append(rig.sink(**options))
        return made[-1]

    yield make
    for sink in made:
        await sink.close()


async def test_an_entry_has_the_event_as_it_is_and_what_tells_it_apart(rig, make, make_event):
    event = make_event(1)
    assert await make().deliver([event]) == {}
    assert rig.entries() == [
        {
            "id": "acme/assignments/1/0001",
            "type": "eu.myprotime.assignment.updated.v1",
            "source": "/protime/acme/assignments",
            "subject": "assignments/1",
            "partitionkey": "assignments/1",
            "event": event.json.decode(),
        }
    ]


async def test_each_event_goes_to_the_stream_its_template_names(rig, make, make_event):
    sink = make(stream="changes.{tenant}.{collection}", batch=10)
    await sink.deliver([make_event(1), make_event(2, tenant="beta"), make_event(3)])
    assert [entry["subject"] for entry in rig.entries("changes.acme.assignments")] == [
        "assignments/1",
        "assignments/3",
    ]
    assert [entry["subject"] for entry in rig.entries("changes.beta.assignments")] == ["assignments/2"]


async def test_an_event_is_in_the_stream_once_also_within_a_batch_and_over_two_sinks(rig, make, make_event):
    event = make_event(1)
    first, second = make(), make()
    assert await first.deliver([event, event]) == {}
    assert await asyncio.gather(*(sink.deliver([event]) for sink in (first, second) * 10)) == [{}] * 20
    assert rig.ids() == [event.id]


async def test_an_event_that_a_frozen_server_took_after_all_is_not_appended_again(rig, make, make_event):
    sink = make(timeout_seconds=0.3)
    await sink.deliver([make_event(1)])
    with rig.stalled():
        assert (await sink.deliver([make_event(2)]))[0].reason == "no answer within 0.3 s"
    rig.wait_for(2)
    assert await sink.deliver([make_event(2)]) == {}
    assert len(rig.ids()) == 2


async def test_the_stream_is_kept_near_its_length(rig, make, make_event):
    sink = make(maxlen=100, batch=500)
    for start in range(0, 2000, 500):
        assert await sink.deliver([make_event(start + number) for number in range(500)]) == {}
    # Redis removes whole nodes, of a hundred entries each.
    assert 100 <= len(rig.ids()) <= 300
    assert rig.ids()[-1] == make_event(1999).id


@pytest.mark.parametrize(("size", "scripts"), [(1000, 1), (3_000_000, 4)])
async def test_only_huge_events_are_appended_one_by_one(rig, make, make_event, size, scripts):
    events = [make_event(number, resource={"comments": "x" * size}) for number in (1, 2, 1, 3)]
    events[2] = make_event(1, version="0002", resource={"comments": "x" * size})
    assert await make(batch=10).deliver(events) == {}
    assert rig.ids() == [event.id for event in events]
    assert rig.client.info("commandstats")["cmdstat_xadd"]["calls"] == 4
    calls = [rig.client.info("commandstats").get(f"cmdstat_{name}", {}) for name in ("eval", "evalsha")]
    assert sum(found.get("calls", 0) - found.get("failed_calls", 0) for found in calls) == scripts


async def test_without_a_length_nothing_is_removed(rig, make, make_event):
    assert await make(batch=500).deliver([make_event(number) for number in range(500)]) == {}
    assert len(rig.ids()) == 500


async def test_ids_are_forgotten_after_their_time_and_the_set_ends_by_itself(rig, make, make_event):
    sink = make(remember_seconds=1)
    await sink.deliver([make_event(1)])
    assert rig.client.zrange("shiftwire:ids", 0, -1) == [make_event(1).id]
    assert 0 < rig.client.pttl("shiftwire:ids") <= 1000
    await asyncio.sleep(1.2)
    assert not rig.client.exists("shiftwire:ids")
    # Kept alive by others, the set still lets go of what is too old.
    old = int(time.time()) - 3
    rig.client.zadd("shiftwire:ids", {make_event(1).id: old, "old": old, "young": old + 60})
    assert await sink.deliver([make_event(1)]) == {}
    assert rig.ids() == [make_event(1).id] * 2
    assert set(rig.client.zrange("shiftwire:ids", 0, -1)) == {make_event(1).id, "young"}


async def test_who_deletes_the_stream_gets_a_replay_whole(rig, make, make_event):
    sink = make()
    await sink.deliver([make_event(1)])
    rig.client.delete("shiftwire")
    assert await sink.deliver([make_event(1)]) == {}
    assert rig.ids() == [make_event(1).id]


async def test_a_key_that_is_no_stream_fails_its_own_events_and_holds_back_what_follows_them(
    rig, make, make_event
):
    rig.client.set("s.people", "a text")
    sink = make(stream="s.{collection}", batch=10)
    events = [
        make_event(1),
        make_event(2, collection="people"),
        make_event(2, version="0002"),
        make_event(3),
    ]
    failures = await sink.deliver(events)
    assert set(failures) == {1, 2}
    assert (failures[1].scope, failures[1].permanent) == ("event", False)
    assert "something else" in failures[1].reason
    assert failures[2] == HELD_BACK
    assert [entry["subject"] for entry in rig.entries("s.assignments")] == ["assignments/1", "assignments/3"]
    rig.client.delete("s.people")
    assert await sink.deliver(events) == {}
    assert [entry["id"] for entry in rig.entries("s.people")] == [events[1].id]
    assert [entry["id"] for entry in rig.entries("s.assignments")][-1] == events[2].id


async def test_a_full_server_is_away_and_what_it_refused_is_not_remembered(rig, make, make_event):
    sink = make(batch=10)
    rig.client.config_set("maxmemory", 1)
    failures = await sink.deliver([make_event(1), make_event(2)])
    assert {index: (failure.scope, failure.permanent) for index, failure in failures.items()} == {
        0: ("sink", False),
        1: ("sink", False),
    }
    assert "OOM" in failures[0].reason
    rig.client.config_set("maxmemory", 0)
    assert await sink.deliver([make_event(1), make_event(2)]) == {}
    assert len(rig.ids()) == 2


async def test_a_replica_that_takes_no_writes_is_away(rig, make, make_event):
    rig.client.execute_command("REPLICAOF", "127.0.0.1", "1")
    failures = await make().deliver([make_event(1)])
    assert failures[0].scope == "sink"
    assert "read only replica" in failures[0].reason


async def test_a_wrong_password_is_a_matter_of_the_sink_and_not_told(rig, make, make_event):
    sink = make(url=f"redis://:wrong-{PASSWORD}@127.0.0.1:{rig.port}")
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert "WRONGPASS" in failures[0].reason or "invalid username-password" in failures[0].reason
    assert PASSWORD not in failures[0].reason


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": "http://127.0.0.1"}, "must be redis:// or rediss://"),
        ({"url": "redis://127.0.0.1/zero"}, "number of a database"),
        ({"url": "redis://127.0.0.1:99999"}, "port that does not exist"),
        ({"url": "redis://h", "stream": ""}, "must not be empty"),
        ({"url": "redis://h", "stream": "{id}"}, "known are {tenant}"),
        ({"url": "redis://h", "stream": "sw:mine"}, "where the store keeps"),
        ({"url": "redis://h", "maxlen": 0}, "maxlen"),
        ({"url": "redis://h", "ca_file": __file__}, "rediss://"),
    ],
)
def test_a_mistake_in_the_options_is_named(options, says):
    with pytest.raises(ValidationError, match=says):
        RedisOptions(type="redis", **options)
