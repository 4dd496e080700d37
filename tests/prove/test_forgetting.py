"""A store that forgot may tell again when and how something was learned, and nothing else."""

from __future__ import annotations

from tests.prove.test_verdict import FIRST, event, seen
from tests.prove.verdict import Seen, judge


def again(**other: object) -> Seen:
    whole = seen()
    repeated = event(1, FIRST, second=9, **other)
    return Seen(whole.truth, whole.accepted, [*whole.deliveries, repeated], whole.flowing)


def test_another_time_and_origin_are_no_other_event_where_the_store_forgets():
    learned_anew = again(origin="delta")
    assert judge(learned_anew, every=False, forgets=True).reordered == 0
    assert judge(learned_anew, every=False).reordered == 1


def test_another_state_under_the_same_id_is_another_event_all_the_same():
    other = again(data={"change": "updated", "resource": {"comments": "other"}})
    assert judge(other, every=False, forgets=True).reordered == 1
