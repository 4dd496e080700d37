"""What follows from Protime's webhooks beside our records: which is in force, which goes, what becomes of a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from workers.protime import Webhook
from workers.store.subscriptions import Subscription
from workers.subscription_survey import Survey, Wanted, ours

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PREFIX = "https://hooks.example.com/webhooks/acme/"


def record(name: str = "one", *, age: timedelta = DAY, **fields: Any) -> Subscription:
    """It delivers since its creation, unless told otherwise."""
    made = Subscription(
        collection="clockings",
        token=name,
        destination_url=f"{PREFIX}clockings/{name}",
        created_at=NOW - age,
        webhook=f"webhook {name}",
        keys=("key",),
        delivers_since=NOW - age,
        references=(),
    )
    return msgspec.structs.replace(made, **fields)


def webhook(name: str = "one", status: str = "Enabled", until: datetime = NOW + 29 * DAY) -> Webhook:
    return Webhook(f"webhook {name}", status, until, f"{PREFIX}clockings/{name}", "clockings")


def survey(records: list[Subscription], webhooks: list[Webhook], check_seconds: float = 300) -> Survey:
    wanted = Wanted(PREFIX, {"clockings": []}, renew_at=0.8, check_seconds=check_seconds)
    return Survey(wanted, records, {w.id: w for w in webhooks}, NOW)


@pytest.mark.parametrize(
    ("known", "listed"),
    [
        (record(keys=()), [webhook()]),
        (record(retired_at=NOW), [webhook()]),
        (record(), []),
        (record(), [webhook(status="DISABLED")]),
        (record(age=25 * DAY), [webhook(until=NOW + 5 * DAY)]),
        (record(references=(("people", "@employee-number"),)), [webhook()]),
        (record(collection="assignments"), [webhook()]),
    ],
    ids=[
        "no key",
        "retired",
        "unknown at Protime",
        "disabled",
        "due",
        "other references",
        "of another collection",
    ],
)
def test_a_subscription_is_not_in_force(known: Subscription, listed: list[Webhook]) -> None:
    assert survey([record()], [webhook()]).in_force("clockings") == record()
    assert survey([known], listed).in_force("clockings") is None


@pytest.mark.parametrize("status", ["Enabled", "Uninitialized"])
def test_the_newest_that_lives_is_in_force(status: str) -> None:
    known = [record(), record("two", age=MINUTE, delivers_since=None)]
    found = survey(known, [webhook(), webhook("two", status)]).in_force("clockings")
    assert found == known[1]


OLD, NEW = record(retired_at=NOW - MINUTE), record("two", age=2 * MINUTE)


@pytest.mark.parametrize(
    ("old", "new", "over"),
    [
        (OLD, NEW, True),
        (OLD, None, False),
        (OLD, msgspec.structs.replace(NEW, delivers_since=None), False),
        (OLD, msgspec.structs.replace(NEW, delivers_since=NOW - MINUTE / 2), False),
        (msgspec.structs.replace(OLD, retired_at=NOW - MINUTE / 2), NEW, False),
        (msgspec.structs.replace(OLD, retired_at=None), NEW, False),
        (NEW, NEW, False),
    ],
    ids=[
        "a minute",
        "none",
        "does not deliver",
        "delivers for less",
        "replaced for less",
        "not yet",
        "itself",
    ],
)
def test_a_webhook_goes_when_it_delivered_beside_its_successor_for_a_minute(
    old: Subscription, new: Subscription | None, over: bool
) -> None:
    found = survey([old], [webhook(old.token)]).over({"clockings": new})
    assert bool(found) is over


def test_when_checks_are_close_together_the_overlap_lasts_until_the_next() -> None:
    old = msgspec.structs.replace(OLD, retired_at=NOW - timedelta(seconds=2))
    for seconds, over in ((2, True), (3, False)):
        assert bool(survey([old], [webhook()], seconds).over({"clockings": NEW})) is over


def test_a_disabled_webhook_goes_at_once_but_one_past_its_end_only_when_it_is_replaced() -> None:
    """Our clock may be wrong, Protime's word is not."""
    disabled, ended = webhook(status="Disabled"), webhook("two", until=NOW - MINUTE)
    known = [record(), record("two")]
    assert survey(known, [disabled, ended]).over({"clockings": None}) == [disabled]


def test_a_webhook_of_a_collection_that_is_not_configured_goes_at_once() -> None:
    other = record(collection="people")
    assert survey([other], [webhook()]).over({}) == [webhook()]
    assert survey([other], [webhook()]).later(other, {}) == msgspec.structs.replace(other, retired_at=NOW)


def test_an_orphan_goes_at_once_and_one_that_delivers_goes_before_another_is_made() -> None:
    orphans = [webhook("lost"), webhook("gone", "Disabled")]
    found = survey([record(), record("lost", keys=(), webhook="")], [webhook(), *orphans])
    assert found.over({"clockings": record()}) == orphans
    assert found.orphans("clockings") == [orphans[0]]
    assert found.orphans("clock") == []


@pytest.mark.parametrize(
    ("known", "kept"),
    [
        (record(keys=(), webhook="", age=2 * MINUTE), True),
        (record(keys=(), webhook="", age=2.1 * MINUTE), False),
        (record(retired_at=NOW - timedelta(hours=30)), True),
        (record(retired_at=NOW - timedelta(hours=31)), False),
    ],
    ids=["pending", "pending for long", "retired", "retired for long"],
)
@pytest.mark.parametrize("current", [None, NEW])
def test_a_record_that_serves_nobody_is_dropped_in_time(
    known: Subscription, kept: bool, current: Subscription | None
) -> None:
    assert survey([known], []).later(known, {"clockings": current}) == (known if kept else None)


def test_a_retired_record_stays_while_its_webhook_lives() -> None:
    """Nothing replaced it yet: without its key, what comes by it could not be verified."""
    known = record(retired_at=NOW - timedelta(hours=31))
    assert survey([known], [webhook()]).later(known, {"clockings": None}) == known


@pytest.mark.parametrize(
    ("current", "retired"),
    [(NEW, True), (None, False), (record(), False), (record("two", delivers_since=None), False)],
    ids=["another", "none", "itself", "one that does not deliver"],
)
def test_a_record_is_retired_when_another_one_delivers_in_its_place(
    current: Subscription | None, retired: bool
) -> None:
    known = record()
    later = survey([known], [webhook()]).later(known, {"clockings": current})
    assert later == msgspec.structs.replace(known, retired_at=NOW if retired else None)


def test_since_when_a_webhook_delivers_is_noted_and_forgotten_when_it_does_not() -> None:
    known = record(delivers_since=None)
    found = survey([known], [])
    begun = found.seen(known, webhook())
    assert begun.delivers_since == NOW
    since = msgspec.structs.replace(known, delivers_since=NOW - DAY)
    assert found.seen(since, webhook()) == since
    assert found.seen(since, webhook(status="Paused")).delivers_since is None
    assert found.seen(since, webhook(until=NOW - MINUTE)).delivers_since is None


@pytest.mark.parametrize(
    ("status", "keys", "delivered"),
    [
        ("Enabled", ("key",), True),
        ("Paused", ("key",), False),
        ("Disabled", ("key",), False),
        ("Enabled", (), False),
    ],
)
def test_only_another_webhook_that_delivered_leaves_no_gap(
    status: str, keys: tuple[str, ...], delivered: bool
) -> None:
    known = record(keys=keys)
    found = survey([known, NEW], [webhook(status=status), webhook("two")])
    assert found.delivered("clockings", but=NEW) is delivered


def test_ours_is_what_leads_here_and_what_we_made_when_we_were_elsewhere() -> None:
    elsewhere = "https://old.example.com/webhooks/acme/clockings/"
    made = [
        record(destination_url=f"{elsewhere}one"),
        record("lost", keys=(), webhook="", destination_url=f"{elsewhere}lost"),
    ]
    listed = [
        Webhook("webhook one", destination_url="https://old.example.com:443/written/in/another/way"),
        Webhook("unknown id", destination_url=f"{elsewhere}lost"),
        Webhook("orphan", destination_url=f"{PREFIX}clockings/orphan"),
        Webhook("theirs", destination_url=f"{elsewhere}theirs"),
        Webhook("of another tenant", destination_url="https://hooks.example.com/webhooks/acme2/clockings/x"),
    ]
    assert list(ours(PREFIX, made, listed)) == ["webhook one", "unknown id", "orphan"]


def test_a_subscription_that_leads_elsewhere_is_not_in_force_and_leaves_a_gap() -> None:
    known = record(destination_url="https://old.example.com/webhooks/acme/clockings/one")
    found = survey([known], [webhook()])
    assert found.in_force("clockings") is None
    assert not found.delivered("clockings", but=NEW)
