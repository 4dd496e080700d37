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
    assert matches(Filter(**wanted), make_event()) is expected


@pytest.mark.parametrize("person", [None, {"id": None}])
def test_an_event_without_a_person_is_for_no_person(make_event, person):
    event = make_event(person=person)
    assert not matches(Filter(persons=[1]), event)
    assert matches(Filter(), event)


def test_an_event_without_notice_is_not_short(make_event):
    event = make_event(notice=None)
    assert not matches(Filter(short_notice=True), event)
    assert matches(Filter(short_notice=False), event)


def test_an_event_without_meaning_passes_no_meaning_filter(make_event):
    assert not matches(Filter(meaning=["rescheduled"]), make_event(meaning=[]))


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
    event = make_event(
        person={"id": person}, notice={"minutes": 1, "short": short}, meaning=[*meaning, "cancelled"]
    )
    alone = [matches(Filter(**{key: value}), event) for key, value in wanted.items()]
    assert matches(Filter(**wanted), event) is all(alone)


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


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"any_changed": ["startTimeInMinutes"]}, True),
        ({"any_changed": ["comments", "startTimeInMinutes"]}, True),
        ({"any_changed": ["comments"]}, False),
        ({"any_changed": ["start"]}, False),
        ({"minimum_move_minutes": 60}, True),
        ({"minimum_move_minutes": 61}, False),
        ({"starts_between": {"from": "06:00", "until": "10:00"}}, True),
        ({"starts_between": {"from": "22:00", "until": "06:00"}}, False),
        ({"learned_between": {"from": "15:00", "until": "16:00", "timezone": "Europe/Brussels"}}, True),
        ({"learned_between": {"from": "14:00", "until": "15:00", "timezone": "Europe/Brussels"}}, False),
        ({"expression": "data.notice.minutes < `2000`"}, True),
        ({"expression": "contains(data.resource.comments, 'keys')"}, False),
        ({"expression": "data.person.id == `1`", "minimum_move_minutes": 61}, False),
    ],
)
def test_what_changed_how_far_and_when_can_be_asked_for(make_event, wanted, expected):
    assert matches(Filter.model_validate(wanted), make_event()) is expected


def test_a_property_stands_for_all_below_it(make_event):
    event = make_event(changes=[{"path": "person.id", "before": 1, "after": 2}])
    assert matches(Filter(any_changed=["person"]), event)
    assert matches(Filter(any_changed=["person.id"]), event)
    assert not matches(Filter(any_changed=["person.name"]), event)


def test_a_small_move_with_another_change_is_not_small(make_event):
    move = {"path": "startTimeInMinutes", "before": 480, "after": 485}
    comment = {"path": "comments", "before": "a", "after": "b"}
    quiet = Filter(minimum_move_minutes=15)
    assert not matches(quiet, make_event(changes=[move]))
    assert matches(quiet, make_event(changes=[move, comment]))
    assert matches(quiet, make_event(change="created", changes=[]))


def test_work_without_a_start_starts_at_no_time_of_day(make_event):
    assert not matches(Filter(starts_between={"from": "00:00", "until": "23:59"}), make_event(start=None))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"expression": "data.["}, "JMESPath"),
        ({"expression": "data.id == `1` && nosuch(data)"}, "nosuch"),
        ({"meaning": ["reschedulled"]}, "rescheduled"),
        ({"meaning": ["zzzz"]}, "docs/events.md"),
        ({"any_changed": ["a b"]}, "match"),
        ({"minimum_move_minutes": 0}, "greater"),
        ({"starts_between": {"from": "6", "until": "08:00"}}, "06:30"),
        ({"learned_between": {"from": "06:00", "until": "08:00", "timezone": "Mars"}}, "time zone"),
    ],
)
def test_a_key_that_cannot_mean_anything_is_refused_with_a_hint(wanted, words):
    with pytest.raises(ValidationError, match=words):
        Filter.model_validate(wanted)


@pytest.mark.parametrize(
    ("before", "after"), [(1e308, -1e308), ("08:00", 480), ({}, "2026-03-10"), ([], None), (None, {})]
)
@pytest.mark.parametrize("path", ["startTimeInMinutes", "from"])
def test_a_move_that_nobody_can_measure_is_far(make_event, path, before, after):
    change = {"path": path, "before": before, "after": after}
    assert matches(Filter(minimum_move_minutes=600), make_event(changes=[change]))
