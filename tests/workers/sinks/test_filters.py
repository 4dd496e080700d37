from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from workers.collections import WEBHOOK_COLLECTIONS
from workers.sinks.base import Filter
from workers.sinks.filters import matches


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"tenants": ["acme"]}, True),
        ({"tenants": ["other"]}, False),
        ({"tenants": ["other", "acme"]}, True),
        ({"collections": ["assignments"]}, True),
        ({"collections": ["clockings"]}, False),
        ({"types": ["eu.myprotime.assignment.updated.v1"]}, True),
        ({"types": ["eu.myprotime.assignment.deleted.v1"]}, False),
        ({"change": ["created", "updated"]}, True),
        ({"change": ["deleted"]}, False),
        ({"meaning": ["cancelled", "break_changed"]}, True),
        ({"meaning": ["cancelled"]}, False),
        ({"persons": [1, 2]}, True),
        ({"persons": [2]}, False),
        ({"origins": ["webhook"]}, True),
        ({"origins": ["sync", "replay"]}, False),
        ({"short_notice": True}, True),
        ({"short_notice": False}, False),
        ({"collections": ["assignments"], "meaning": ["rescheduled"], "short_notice": True}, True),
        ({"collections": ["assignments"], "meaning": ["rescheduled"], "persons": [9]}, False),
    ],
)
def test_lists_are_any_of_and_keys_are_all_of(make_event, wanted, expected):
    assert matches(Filter(**wanted), make_event().head) is expected


@pytest.mark.parametrize("person", [None, {"id": None}])
def test_an_event_without_a_person_is_for_no_person(make_event, person):
    head = make_event(person=person).head
    assert not matches(Filter(persons=[1]), head)
    assert matches(Filter(), head)


def test_an_event_without_notice_is_not_short(make_event):
    head = make_event(notice=None).head
    assert not matches(Filter(short_notice=True), head)
    assert matches(Filter(short_notice=False), head)


def test_an_event_without_meaning_passes_no_meaning_filter(make_event):
    assert not matches(Filter(meaning=["rescheduled"]), make_event(meaning=[]).head)


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "tenants": st.lists(st.sampled_from(["acme", "other"]), min_size=1),
        "collections": st.lists(st.sampled_from(WEBHOOK_COLLECTIONS), min_size=1),
        "change": st.lists(st.sampled_from(["created", "updated", "deleted"]), min_size=1),
        "meaning": st.lists(st.sampled_from(["rescheduled", "cancelled"]), min_size=1),
        "persons": st.lists(st.integers(1, 3), min_size=1),
        "origins": st.lists(st.sampled_from(["webhook", "delta"]), min_size=1),
        "short_notice": st.booleans(),
    },
)


@given(wanted=FILTERS, short=st.booleans(), person=st.integers(1, 3), meaning=st.sets(st.sampled_from("abc")))
def test_a_filter_matches_exactly_when_each_of_its_keys_alone_does(
    make_event, wanted, short, person, meaning
):
    head = make_event(
        person={"id": person}, notice={"minutes": 1, "short": short}, meaning=[*meaning, "cancelled"]
    ).head
    alone = [matches(Filter(**{key: value}), head) for key, value in wanted.items()]
    assert matches(Filter(**wanted), head) is all(alone)


@given(wanted=FILTERS)
def test_a_filter_survives_being_written_and_read(wanted):
    assert Filter(**Filter(**wanted).model_dump()) == Filter(**wanted)


@pytest.mark.parametrize(
    "wrong",
    [
        {"collections": ["assignment"]},
        {"change": ["moved"]},
        {"origins": ["cron"]},
        {"types": ["assignment.updated"]},
        {"tenants": []},
        {"persons": ["x"]},
        {"tenant": ["acme"]},
    ],
)
def test_a_filter_that_could_only_be_a_mistake_is_refused(wrong):
    with pytest.raises(ValidationError):
        Filter(**wrong)
