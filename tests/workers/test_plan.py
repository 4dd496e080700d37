"""Which entries pass: the version decides, in every order in which they may come."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers import plan
from workers.store.gate import NO_VERSION
from workers.store.inbox import Entry, Stored


def entry(
    version: str, *, at: int = 1, deleted: bool = False, origin: str = "webhook", data: bytes = b"{}"
) -> Entry:
    return Entry(f"{at}-0", "assignments/1", version, deleted, origin, b"" if deleted else data)


def stored(version: str, *, deleted: bool = False, body: bytes = b"{}") -> Stored:
    return Stored(version, deleted, 1, body)


def versions(entries: list[Entry]) -> list[str]:
    return [e.version for e in entries]


@pytest.mark.rule("7-older", "8.5-disorder")
def test_in_payload_mode_each_newer_version_gives_an_event_in_version_order() -> None:
    for order in permutations(["01", "02", "03"]):
        found = plan.every([entry(v) for v in order], stored("01"))
        assert versions(found.apply) == ["02", "03"]
        assert versions(found.superseded) == ["01"]


@pytest.mark.rule("11.2-coalesce")
def test_in_delta_mode_only_the_newest_version_gives_an_event() -> None:
    for order in permutations(["01", "02", "03"]):
        found = plan.newest([entry(v) for v in order], None)
        assert versions(found.apply) == ["03"]
        assert sorted(versions(found.superseded)) == ["01", "02"]


@pytest.mark.rule("7-equal")
def test_an_equal_version_is_superseded() -> None:
    assert plan.every([entry("01")], stored("01")).apply == []
    assert plan.newest([entry("01")], stored("01")).apply == []


@pytest.mark.rule("7-tombstone")
def test_a_late_older_update_does_not_revive_a_deleted_resource() -> None:
    assert plan.every([entry("01")], stored("02", deleted=True)).apply == []


@pytest.mark.rule("7-return")
def test_a_newer_insert_over_a_tombstone_passes() -> None:
    assert versions(plan.every([entry("03")], stored("02", deleted=True)).apply) == ["03"]


def test_a_delete_of_what_is_deleted_is_superseded() -> None:
    assert plan.every([entry("03", deleted=True)], stored("02", deleted=True)).apply == []


@pytest.mark.rule("7-ordinal")
def test_versions_are_compared_as_strings_not_as_numbers() -> None:
    assert plan.every([entry("0A")], stored("09")).apply
    assert not plan.every([entry("9")], stored("9A")).apply


def test_what_a_webhook_told_and_the_delta_brought_has_the_origin_webhook() -> None:
    found = plan.newest([entry("02", at=9, origin="delta"), entry("02", at=2)], stored("01"))
    assert [(e.origin, e.id, e.arrived_ms) for e in found.apply] == [("webhook", "9-0", 2)]


def test_what_only_the_delta_brought_has_the_origin_delta() -> None:
    found = plan.newest([entry("02", origin="delta"), entry("01", at=2)], None)
    assert [(e.version, e.origin) for e in found.apply] == [("02", "delta")]


@pytest.mark.rule("7-absent")
def test_without_versions_the_last_arrival_holds_unless_nothing_differs() -> None:
    first, last = entry("", at=1, data=b'{"a":1}'), entry("", at=2, data=b'{"a":2}')
    assert [e.data for e in plan.every([first, last], None).apply] == [b'{"a":1}', b'{"a":2}']
    assert plan.every([last], stored(NO_VERSION, body=b'{"a":2}')).apply == []


def test_one_without_a_version_stands_behind_what_came_before_it_and_no_further() -> None:
    early, late = entry("", at=2, data=b'{"early":1}'), entry("", at=7, data=b'{"late":1}')
    versioned = [entry("03", at=5, origin="delta"), entry("02", at=9), entry("01", at=1)]
    found = plan.every([*versioned, late, early], None)
    assert [(e.version, e.data) for e in found.apply] == [
        ("01", b"{}"),
        ("", b'{"early":1}'),
        ("02", b"{}"),
        ("03", b"{}"),
        ("", b'{"late":1}'),
    ]
    assert plan.newest([*versioned, early], None).apply[0].version == "03"
    assert plan.newest([*versioned, early, late], None).apply[0].data == b'{"late":1}'
    assert plan.newest([early, late], None).apply == [late]


def test_what_is_older_than_the_last_known_version_stays_out_behind_one_without() -> None:
    for deleted in (False, True):
        version = plan.version_after(entry("", deleted=deleted), stored("05"))
        before = stored(version, deleted=deleted)
        assert not plan.newer(entry("04", data=b'{"old":1}'), before)
        assert not plan.newer(entry("05", data=b'{"old":1}'), before)
        assert plan.newer(entry("06", data=b'{"new":1}'), before)
        assert plan.version_after(entry(""), before) == version
    assert plan.version_after(entry(""), None) == NO_VERSION


def test_what_came_without_a_version_and_is_brought_by_the_delta_has_the_origin_webhook() -> None:
    brought = entry("02", at=9, origin="delta", data=b'{"id":1,"changeVersion":"02"}')
    [found] = plan.newest([brought, entry("", at=2, data=b'{"id":1}')], stored("01")).apply
    assert (found.origin, found.version, found.arrived_ms) == ("webhook", "02", 2)
    [found] = plan.newest([brought, entry("", at=2, data=b'{"id":1,"x":2}')], stored("01")).apply
    assert found.origin == "delta"


def test_a_fetched_resource_stands_in_for_the_newest_notification() -> None:
    found = plan.fetched([entry("01"), entry("02", at=2)], None, entry("03", data=b'{"a":3}'))
    assert [(e.id, e.version, e.data) for e in found.apply] == [("2-0", "03", b'{"a":3}')]
    assert versions(found.superseded) == ["01"]


def test_a_fetched_resource_older_than_its_notification_does_not_hold() -> None:
    found = plan.fetched([entry("02", data=b'{"a":2}')], None, entry("01"))
    assert [(e.version, e.data) for e in found.apply] == [("02", b'{"a":2}')]


def test_a_resource_that_is_gone_when_fetched_is_a_delete_after_what_was_told() -> None:
    found = plan.fetched([entry("02")], stored("01"), entry("", deleted=True))
    assert [(e.version, e.deleted) for e in found.apply] == [("02~", True)]


VERSIONS = st.lists(st.sampled_from(["", "01", "02", "03", "04"]), min_size=1, max_size=8)


@given(VERSIONS, st.sampled_from([None, "01", "03"]), st.booleans())
def test_every_entry_is_decided_exactly_once_and_versions_only_rise(
    arriving: list[str], before: str | None, in_full: bool
) -> None:
    entries = [entry(v, at=i, data=str(i).encode()) for i, v in enumerate(arriving)]
    found = (plan.every if in_full else plan.newest)(entries, stored(before) if before else None)
    assert sorted(e.id for e in found.apply + found.superseded) == sorted(e.id for e in entries)
    risen = [v for v in ([before] if before else []) + versions(found.apply) if v]
    assert risen == sorted(set(risen))
