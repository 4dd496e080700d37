"""The verdict of the fault suite: whatever breaks a promise makes its figure rise, and the row of the table shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.subscriber import Event
from tests.prove import page
from tests.prove.fault import Fault
from tests.prove.faults import FAULTS
from tests.prove.verdict import Seen, Verdict, judge

FIRST, SECOND, THIRD = "0001", "0002", "0003"
FAULT = Fault("worker killed", "`kill -9`", "a pause", "the other goes on", lambda _: None, "tests/x.py")


def event(number: int, version: str, *, change: str = "updated", second: int = 0, **other: Any) -> Event:
    subject = f"assignments/{number}"
    return {
        "id": f"acme/{subject}/{version}",
        "subject": subject,
        "sequence": version,
        "time": f"2026-03-09T14:00:{second:02}+00:00",
        "data": {"change": change},
        **other,
    }


def seen() -> Seen:
    """Two resources, one with two versions, all delivered once and in order."""
    deliveries = [event(1, FIRST), event(2, FIRST, second=1), event(1, SECOND, second=2)]
    accepted = {(e["subject"], e["sequence"]): 1773064800.0 + n for n, e in enumerate(deliveries)}
    truth = {
        "assignments/1": {"changeVersion": SECOND, "deleted": False},
        "assignments/2": {"changeVersion": FIRST, "deleted": False},
    }
    return Seen(truth, accepted, deliveries, [0.2, 1.0, 0.4])


def test_what_is_whole_has_no_figure_but_its_times():
    verdict = judge(seen(), every=True)
    assert verdict == Verdict(3, lost=0, doubled=0, reordered=0, flow_median=0.4, flow_most=1.0, moments=3)
    assert verdict.holds


def without(number: int, version: str) -> Seen:
    whole = seen()
    id_ = event(number, version)["id"]
    return replace(whole, deliveries=[e for e in whole.deliveries if e["id"] != id_])


def test_an_accepted_version_that_never_came_is_lost():
    verdict = judge(without(1, FIRST), every=True)
    assert (verdict.lost, verdict.reordered, verdict.holds) == (1, 0, False)


def test_where_the_net_change_is_enough_a_newer_version_stands_for_an_older_one():
    assert judge(without(1, FIRST), every=False).lost == 0


@pytest.mark.parametrize("every", [True, False])
def test_a_last_state_that_never_came_is_lost(every: bool):
    """Once as a version, once as a resource whose last state is wrong."""
    verdict = judge(without(1, SECOND), every=every)
    assert (verdict.lost, verdict.holds) == (2, False)


def test_a_resource_nobody_heard_of_is_lost_though_nothing_of_it_was_accepted():
    whole = seen()
    whole.truth["assignments/3"] = {"changeVersion": FIRST, "deleted": False}
    assert judge(whole, every=False).lost == 1


@pytest.mark.parametrize(("change", "deleted"), [("updated", True), ("deleted", False)])
def test_a_deletion_that_the_sink_sees_otherwise_is_lost(change: str, deleted: bool):
    whole = seen()
    whole.truth["assignments/2"] = {"changeVersion": FIRST, "deleted": deleted}
    whole.deliveries[1] = event(2, FIRST, change=change, second=1)
    assert judge(whole, every=True).lost == 1


def test_a_repeated_event_is_doubled_and_no_more():
    whole = seen()
    whole.deliveries.append(whole.deliveries[0])
    verdict = judge(whole, every=True)
    assert (verdict.doubled, verdict.lost, verdict.reordered, verdict.holds) == (333_333, 0, 0, True)


def test_an_event_that_came_after_a_newer_one_of_its_resource_is_reordered():
    whole = seen()
    whole.deliveries.insert(0, whole.deliveries.pop())
    verdict = judge(whole, every=True)
    assert (verdict.reordered, verdict.holds) == (1, False)


def test_an_id_that_stood_for_something_else_is_reordered():
    whole = seen()
    whole.deliveries.append({**whole.deliveries[2], "data": {"change": "deleted"}})
    assert (judge(whole, every=True).reordered, judge(whole, every=True).holds) == (1, False)


def test_a_version_under_a_second_id_is_reordered_twice():
    """The id was not stable, and as another event it came after itself."""
    whole = seen()
    whole.deliveries.append({**whole.deliveries[2], "id": "acme/another"})
    assert judge(whole, every=True).reordered == 2


def test_a_row_has_a_cell_for_each_column_and_the_figures_in_their_order():
    verdict = Verdict(900, lost=1, doubled=22, reordered=3, flow_median=0.44, flow_most=5.06, moments=50)
    columns = page.TABLE.splitlines()[-1].count("|")
    row = page.row(FAULT, verdict)
    assert row.count("|") == columns
    assert row == (
        "| worker killed | `kill -9` | a pause | the other goes on | 50 | 900 | 1 | 22 | 3 | 0.4 / 5.1 | `tests/x.py` |"
    )


def test_a_row_of_what_did_not_hold_says_why_in_as_many_cells():
    columns = page.TABLE.splitlines()[-1].count("|")
    row = page.row(FAULT, "after 60.0 s still not: new records arrive")
    assert row.count("|") == columns
    assert "**did not hold**: after 60.0 s still not: new records arrive" in row


def test_a_page_has_a_section_for_each_group_that_was_tried_and_adds_up():
    verdict = Verdict(900, lost=1, doubled=22, reordered=3, flow_median=0.44, flow_most=5.06, moments=50)
    told = page.page({"Processes": (FAULT,), "Clocks": ()}, {FAULT.name: page.row(FAULT, verdict)})
    assert "## Processes" in told
    assert "## Clocks" not in told
    assert "In all: 1 faults, 50 strikes, 900 changes; lost 1, reordered 3; 0 faults did not" in told


def test_a_fault_that_was_not_tried_this_time_keeps_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PAGE", tmp_path / "failures.md")
    verdict = Verdict(900, lost=0, doubled=22, reordered=0, flow_median=0.44, flow_most=5.06, moments=50)
    other = replace(FAULT, name="receiver killed")
    groups = {"Processes": (FAULT, other)}
    page.write(groups, {FAULT.name: verdict})
    page.write(groups, {other.name: "nothing flows"})
    page.write(groups, {other.name: verdict, FAULT.name: replace(verdict, moments=2)})
    told = page.PAGE.read_text(encoding="utf-8")
    assert list(page.rows_of(told)) == ["worker killed", "receiver killed"]
    assert "In all: 2 faults, 52 strikes, 1800 changes; lost 0, reordered 0; 0 faults did not" in told
    page.write(groups, {other.name: "nothing flows"})
    assert "In all: 2 faults, 2 strikes, 900 changes" in page.PAGE.read_text(encoding="utf-8")


def test_the_page_of_this_tree_has_every_fault():
    told = page.PAGE.read_text(encoding="utf-8")
    missing = [fault.name for fault in FAULTS if f"| {fault.name} | {fault.cause} |" not in told]
    assert missing == [], "run `make prove`"


def test_every_fault_names_a_test_that_is_there():
    assert [fault.test for fault in FAULTS if not (page.PAGE.parents[1] / fault.test).is_file()] == []
