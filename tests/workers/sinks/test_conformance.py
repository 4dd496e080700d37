"""What every sink must do, against the real thing."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from tests.workers.sinks.outcomes import SEEN
from tests.workers.sinks.page import PAGE, page
from tests.workers.sinks.rigs import RIGS
from workers.sinks import REGISTRY


@pytest.fixture(params=sorted(RIGS))
def rig(request, tmp_path):
    rig = RIGS[request.param](tmp_path)
    yield rig
    rig.close()


def test_every_registered_sink_is_tested_here():
    assert set(RIGS) == set(REGISTRY)


async def test_one_event_arrives(rig, make_event):
    sink = rig.sink()
    assert await sink.deliver([make_event(1)]) == {}
    assert rig.subjects() == ["assignments/1"]
    await sink.close()


async def test_no_event_is_no_delivery(rig):
    sink = rig.sink()
    assert await sink.deliver([]) == {}
    assert rig.subjects() == []
    await sink.close()


@pytest.mark.parametrize("batch", [1, 7, 100])
async def test_events_arrive_in_the_order_given(rig, make_event, batch):
    sink = rig.sink(batch=batch)
    events = [make_event(number) for number in range(20)]
    assert await sink.deliver(events) == {}
    assert rig.subjects() == [f"assignments/{number}" for number in range(20)]
    await sink.close()


async def test_deliveries_at_the_same_time_all_arrive(rig, make_event):
    sink = rig.sink(batch=5)
    answers = await asyncio.gather(*(sink.deliver([make_event(number)]) for number in range(30)))
    assert answers == [{}] * 30
    assert sorted(rig.subjects()) == sorted(f"assignments/{number}" for number in range(30))
    await sink.close()


async def test_any_text_passes(rig, make_event):
    sink = rig.sink()
    odd = make_event(3, meaning=["né ✓ 日本 \x1b[2J\u2028\r\n", "]["], resource={"comments": "\u0000😀"})
    assert await sink.deliver([odd]) == {}
    assert rig.subjects() == ["assignments/3"]
    await sink.close()


async def test_a_huge_event_passes_or_fails_for_good_by_itself_where_the_target_has_a_limit(rig, make_event):
    sink = rig.sink(batch=3)
    huge = make_event(4, resource={"comments": "x" * 3_000_000})
    failures = await sink.deliver([make_event(3), huge, make_event(5)])
    if getattr(rig, "largest", math.inf) > len(huge.json):
        assert failures == {}
        assert rig.subjects() == ["assignments/3", "assignments/4", "assignments/5"]
    else:
        assert {i: (failure.scope, failure.permanent) for i, failure in failures.items()} == {
            1: ("event", True)
        }
        assert rig.subjects() == ["assignments/3", "assignments/5"]
    await sink.close()


async def test_the_event_id_is_the_key_and_the_same_at_every_delivery(rig, make_event):
    if not hasattr(rig, "ids"):
        pytest.skip("the target has no place for a key")
    sink = rig.sink()
    event = make_event(1)
    assert [await sink.deliver([event]), await sink.deliver([event])] == [{}, {}]
    assert set(rig.ids()) == {event.id}
    await sink.close()


async def test_a_target_with_keys_holds_a_repeated_event_once(rig, make_event):
    if not hasattr(rig, "distinct"):
        pytest.skip("the target takes a repetition like any other event")
    sink = rig.sink(batch=10)
    events = [make_event(1), make_event(2)]
    assert [await sink.deliver(events) for _ in range(2)] == [{}, {}]
    assert sorted(rig.distinct()) == sorted(event.id for event in events)
    await sink.close()


async def test_versions_of_one_resource_arrive_in_order_whatever_the_batch(rig, make_event):
    sink = rig.sink(batch=100)
    events = [make_event(number, version=f"{version:04}") for version in range(5) for number in range(3)]
    assert await sink.deliver(events) == {}
    if hasattr(rig, "ids"):
        for number in range(3):
            own = [key for key in rig.ids() if key.startswith(f"acme/assignments/{number}/")]
            assert own == [f"acme/assignments/{number}/{version:04}" for version in range(5)]
    await sink.close()


@pytest.mark.parametrize("batch", [1, 100])
async def test_a_sink_that_is_away_fails_for_all_and_takes_them_when_it_is_back(rig, make_event, batch):
    sink = rig.sink(batch=batch)
    events = [make_event(number) for number in range(3)]
    rig.take_away()
    failures = await sink.deliver(events)
    assert set(failures) == {0, 1, 2}
    assert {(failure.scope, failure.permanent) for failure in failures.values()} == {("sink", False)}
    assert all(failure.reason for failure in failures.values())
    rig.bring_back()
    assert await sink.deliver(events) == {}
    assert rig.subjects()[-3:] == ["assignments/0", "assignments/1", "assignments/2"]
    await sink.close()


async def test_a_target_that_was_replaced_is_found_again_by_the_same_sink(rig, make_event):
    sink = rig.sink()
    assert await sink.deliver([make_event(1)]) == {}
    await asyncio.to_thread(rig.restart)
    assert await sink.deliver([make_event(2)]) == {}
    assert rig.subjects() == ["assignments/1", "assignments/2"]
    await sink.close()


async def test_a_sink_that_stalls_fails_in_time(rig, make_event):
    sink = rig.sink(timeout_seconds=0.2)
    await sink.deliver([make_event(1)])
    with rig.stalled():
        started = time.monotonic()
        failures = await sink.deliver([make_event(2)])
        assert time.monotonic() - started < 0.7
        assert failures[0].scope == "sink"
        assert not failures[0].permanent
    await sink.close()


async def test_a_closed_sink_delivers_nothing_and_says_so(rig, make_event):
    sink = rig.sink()
    await sink.close()
    await sink.close()
    failures = await sink.deliver([make_event(1), make_event(2)])
    assert {index: (failure.scope, failure.permanent) for index, failure in failures.items()} == {
        0: ("sink", False),
        1: ("sink", False),
    }
    assert rig.subjects() == []


async def test_no_secret_is_in_any_text(rig, make_event, caplog):
    caplog.set_level("INFO")
    sink = rig.sink()
    texts = [repr(sink), str(sink), repr(rig.options), str(rig.options), rig.options.model_dump_json()]
    rig.take_away()
    texts += [failure.reason for failure in (await sink.deliver([make_event(1)])).values()]
    rig.bring_back()
    assert await sink.deliver([make_event(1)]) == {}
    await sink.close()
    texts += [failure.reason for failure in (await sink.deliver([make_event(1)])).values()]
    # What the test's own servers log is not the sink's.
    texts += [r.getMessage() for r in caplog.records if not r.name.startswith("uvicorn")]
    assert not [(text, secret) for text in texts for secret in rig.secrets if secret in text]


def test_the_page_says_what_was_seen(request):
    """Stands last: it is about all that ran before, in this process."""
    seen = request.config.stash[SEEN]
    if {sink for _, sink in seen} != set(RIGS) or len(seen) < len(RIGS) * 10:
        pytest.skip("the behaviour suite did not run as a whole")
    assert PAGE.read_text(encoding="utf-8") == page(seen), "run `make sinks-conformance`"
