"""The log once more: to a new sink, over a killed worker, and never past a newer version."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.installation import PAYLOAD, Installation, until
from tests.e2e.promises import overtaken
from tests.e2e.subscriber import Event, Subscriber


@pytest.fixture
def newcomer() -> Iterator[Subscriber]:
    subscriber = Subscriber()
    yield subscriber
    subscriber.close()
    assert subscriber.bad_signatures == 0


def with_past(install: Any, *, changes: int, **how: Any) -> tuple[Installation, list[Event]]:
    """An installation whose sink has got everything; the events of its log."""
    installation: Installation = install(collections=PAYLOAD, **how)
    installation.start_all()
    installation.protime.generate(count=30, changes=changes, per_second=400)
    until(installation.protime.quiet, 60, "the notifications are sent")
    until(installation.caught_up, 30, "the sink has everything")
    until(installation.settled, 10, "nothing is in flight")
    # The list is by time; two notifications of a record that overtook each other on their way lie in the log by version.
    listed = installation.json("events", "list", "--limit", "100000")
    return installation, sorted(listed, key=lambda event: str(event["sequence"]))


def add_sink(installation: Installation, name: str, subscriber: Subscriber, **how: Any) -> None:
    """As an operator does: one more sink in the configuration, and the processes started anew."""
    config = yaml.safe_load(installation.config.read_text())
    config["sinks"][name] = {**config["sinks"]["planning"], "url": subscriber.url, **how}
    installation.config.write_text(yaml.safe_dump(config), encoding="utf-8")
    for process in ("schedule", "work"):
        assert installation.end(process) == 0
    installation.start("work", "schedule")


def by_resource(events: list[Event]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event["subject"], []).append(event["id"])
    return found


def as_replayed(event: Event) -> Event:
    return {**event, "origin": "replay"}


@pytest.mark.e2e
@pytest.mark.parametrize("batch", [1, 50])
def test_a_new_sink_gets_the_whole_log_in_order(install, figures, newcomer: Subscriber, batch: int):
    installation, log = with_past(install, changes=600, sink={"batch": 20})
    add_sink(installation, "newcomer", newcomer, batch=batch)
    counted = installation.json("replay", "--sink", "newcomer")
    assert (counted["confirmed"], counted["events"]) == (False, len(log))
    assert sum(counted["by_type"].values()) == len(log)
    assert newcomer.events == []

    begun = time.monotonic()
    done = installation.json("replay", "--sink", "newcomer", "--confirm")
    figures(f"batch {batch}: {len(log)} events replayed in {time.monotonic() - begun:.1f} s")
    assert (done["state"], done["delivered"], done["report"]) == ("done", len(log), [])
    assert by_resource(newcomer.events) == by_resource(log)
    originals = {event["id"]: as_replayed(event) for event in log}
    assert {event["id"]: event for event in newcomer.events} == originals
    rows = {row["sink"]: row for row in installation.json("ledger")}
    assert all(row["balanced"] for row in rows.values())
    assert rows["newcomer"]["delivered"] == 0  # all of it came before the sink, and counts as filtered


@pytest.mark.e2e
def test_a_worker_killed_in_the_middle_loses_nothing(install, figures, newcomer: Subscriber):
    installation, log = with_past(install, changes=600, sink={"batch": 20})
    newcomer.seconds = lambda: 0.02
    add_sink(installation, "newcomer", newcomer, batch=5)
    assert installation.json("replay", "--sink", "newcomer", "--confirm", "--no-wait")["state"] == "running"
    for wanted in (50, 200):
        until(lambda n=wanted: len(newcomer.events) > n, 30, "the replay goes on")
        installation.kill("work")
        installation.start("work")
    until(lambda: status(installation, "newcomer")["state"] == "done", 60, "the replay is done", every=0.5)
    came = [event for _, event in newcomer.first_deliveries()]
    figures(f"{len(newcomer.events)} deliveries of {len(came)} events over two kills")
    assert by_resource(came) == by_resource(log)
    assert overtaken(came) == []


@pytest.mark.e2e
def test_a_newer_version_is_never_overtaken(install, figures):
    installation, log = with_past(install, changes=300)
    protime, sink = installation.protime, installation.subscriber
    sink.seconds = lambda: 0.05
    before = len(sink.events)
    installation.json("replay", "--sink", "planning", "--confirm", "--no-wait")
    until(lambda: len(sink.events) > before + 5, 20, "the replay goes on")
    for name in by_resource(log):
        protime.write(id=int(name.partition("/")[2]), comments="newer")
    until(lambda: status(installation, "planning")["state"] == "done", 90, "the replay is done", every=0.5)
    until(installation.settled, 10, "nothing is in flight")
    after = sink.events[before:]
    fresh = {event["id"] for event in after if event["origin"] != "replay"}
    late = [e["id"] for e in after if e["origin"] == "replay" and came_after_a_newer(e, after, fresh)]
    report = status(installation, "planning")
    figures(f"{report['delivered']} replayed, {report['skipped']} skipped for {len(fresh)} newer versions")
    assert len(fresh) == len(by_resource(log))
    assert late == []
    assert report["skipped"] > 0
    assert report["skipped"] + report["delivered"] == len(log)

    sink.seconds = lambda: 0.0
    one = next(iter(by_resource(log)))
    old = by_resource(log)[one]
    range_ = ("--subject", one, "--until", log_time(log, old[-1], 1), "--sink", "planning")
    assert installation.json("replay", *range_)["overtaken"] == len(old)
    forced = installation.json("replay", *range_, "--force", "--confirm")
    assert forced["delivered"] == len(old)
    assert [e["id"] for e in sink.events[-len(old) :]] == old


@pytest.mark.e2e
def test_a_dry_run_changes_nothing(install):
    installation, log = with_past(install, changes=60)
    before, books = len(installation.subscriber.events), installation.ledger()
    type_ = "eu.myprotime.assignment.created.v1"
    created = [event for event in log if event["type"] == type_]
    counted = installation.json("replay", "--sink", "planning", "--type", type_, "--force")
    assert counted["by_type"] == {type_: len(created)}
    assert installation.run("replay", "--sink", "planning", "--status").returncode == 1
    assert installation.ledger() == books
    time.sleep(1)
    assert len(installation.subscriber.events) == before


@pytest.mark.e2e
def test_an_operator_replays_over_http(install):
    installation, log = with_past(install, changes=60)
    before, asked = len(installation.subscriber.events), {"sink": "planning", "collection": "assignments"}
    counted = installation.http.post("/admin/replay", json=asked)
    assert counted.json() == installation.json("replay", "--sink", "planning", "--collection", "assignments")
    ordered = installation.http.post("/admin/replay", json={**asked, "confirm": True})
    assert (counted.status_code, ordered.status_code) == (200, 202)
    until(lambda: status(installation, "planning")["state"] == "done", 30, "the replay is done", every=0.5)
    [known] = installation.http.get("/admin/replays").json()["replays"]
    assert (known["id"], known["delivered"]) == (ordered.json()["id"], len(log))
    assert by_resource(installation.subscriber.events[before:]) == by_resource(log)


def status(installation: Installation, sink: str) -> dict[str, Any]:
    return dict(installation.json("replay", "--sink", sink, "--status"))


def came_after_a_newer(event: Event, after: list[Event], fresh: set[str]) -> bool:
    earlier = after[: after.index(event)]
    return any(e["id"] in fresh and e["subject"] == event["subject"] for e in earlier)


def log_time(log: list[Event], event_id: str, later_ms: int) -> str:
    """Right behind the moment at which an event was learned."""
    time_ = next(event["time"] for event in log if event["id"] == event_id)
    moment = int(time_[-4:-1]) + later_ms
    return f"{time_[:-4]}{moment:03}Z" if moment < 1000 else f"{time_[:-4]}999999Z"
