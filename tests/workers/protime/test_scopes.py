from __future__ import annotations

import pytest

from workers.protime import scopes_for

P = "connector-protimeapi-"


@pytest.mark.rule("2.3-names")
def test_reading_needs_the_read_scope_of_each_collection_once() -> None:
    assert scopes_for(["clockings", "assignments", "clockings"]) == (
        f"{P}assignments.read",
        f"{P}clockings.read",
    )


@pytest.mark.rule("2.3-paid-presences")
def test_paid_presences_are_read_with_calculated_totals() -> None:
    assert scopes_for(["paid-presences", "calculated-totals"]) == (f"{P}calculated-totals.read",)


@pytest.mark.rule("2.3-webhooks")
def test_managing_webhooks_asks_for_both_webhook_scopes_and_the_collection() -> None:
    assert scopes_for(["clockings"], manage_webhooks=True) == (
        f"{P}clockings.read",
        f"{P}webhooks.read",
        f"{P}webhooks.write",
    )


@pytest.mark.rule("2.3-read-write")
def test_writing_is_asked_for_only_where_it_is_wanted() -> None:
    assert scopes_for(["assignments"], writes=["assignments"]) == (
        f"{P}assignments.read",
        f"{P}assignments.write",
    )


@pytest.mark.rule("2.3-histories")
def test_histories_share_a_scope() -> None:
    assert scopes_for(["job-histories", "sector-histories"]) == (f"{P}people-historical-data.read",)


@pytest.mark.rule("2.3-read-only")
@pytest.mark.parametrize(("collections", "writes"), [(["shifts"], []), ([], ["absences"]), ([], ["shifts"])])
def test_a_scope_that_does_not_exist_is_refused(collections: list[str], writes: list[str]) -> None:
    with pytest.raises(ValueError, match=r"is not a collection|is read-only"):
        scopes_for(collections, writes=writes)
