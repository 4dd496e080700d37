"""`shiftwire run` with an embedded Redis: one command, and the data survive it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installation import PAYLOAD, Installation, reachable, until
from tests.e2e.promises import overtaken, unstable

DRAIN_SECONDS = 25


@pytest.fixture
def running(install: Any, tmp_path: Path) -> Installation:
    installation: Installation = install(
        collections=PAYLOAD, sink={"batch": 20}, store={"url": "", "data_dir": str(tmp_path / "data")}
    )
    installation.start("simulator")
    until(lambda: reachable(installation.simulator_port), 15, "the simulator answers")
    installation.start("run")
    installation.wait_until_ready()
    return installation


def family(installation: Installation) -> dict[str, int]:
    """The running children of `run` by the last part of their name: pid by `serve`, `work`, `schedule`, `redis`."""
    parent = installation.processes["run"].pid
    found = {}
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        except OSError:
            continue  # it ended at this moment
        kind = next((w for w in words if w in {"serve", "work", "schedule"}), "redis")
        found[kind] = int(pid)
    return found


def changes_flow(installation: Installation, seconds: float = 10) -> None:
    number = installation.protime.plan()["id"]
    until(lambda: installation.subscriber.of(number), seconds, "a change arrives")


@pytest.mark.e2e
def test_the_data_survive_a_restart_and_nothing_is_delivered_twice(running: Installation, figures):
    protime, sink = running.protime, running.subscriber
    protime.generate(count=20, changes=200)
    until(protime.quiet, 20, "all notifications are sent")
    until(running.settled, 10, "nothing is in flight")
    listed, delivered = running.json("events", "list", "--limit", "1000"), len(sink.events)
    assert len(listed) == delivered > 20

    begun = time.monotonic()
    assert running.end("run", DRAIN_SECONDS) == 0
    figures(f"idle, SIGTERM to exit: {time.monotonic() - begun:.1f} s")
    missed = protime.plan()["id"]
    running.start("run")
    until(lambda: reachable(running.port), 15, "the receiver answers")
    until(lambda: sink.of(missed), 10, "what changed meanwhile arrives")
    changes_flow(running)
    assert running.json("events", "list", "--limit", "1000")[: len(listed)] == listed
    assert len(sink.events) == delivered + 2
    until(running.settled, 5, "nothing is in flight")


@pytest.mark.e2e
def test_sigterm_under_traffic_drains_within_the_deadline(running: Installation, figures):
    """What was being delivered is finished and noted: after the next start nothing at all is repeated."""
    protime, sink = running.protime, running.subscriber

    sink.seconds = lambda: 0.1
    protime.generate(count=50, changes=1000, per_second=200)
    time.sleep(2)
    children = family(running)
    begun = time.monotonic()
    assert running.end("run", DRAIN_SECONDS) == 0
    figures(
        f"under traffic, SIGTERM to exit: {time.monotonic() - begun:.1f} s, {len(sink.events)} delivered by then"
    )
    assert not [name for name, pid in children.items() if Path(f"/proc/{pid}").exists()]

    sink.seconds = lambda: 0.0
    running.start("run")
    until(protime.quiet, 30, "all notifications are sent")
    until(running.settled, 20, "nothing is in flight")
    assert running.caught_up()
    assert len(sink.events) == len({event["id"] for event in sink.events})
    assert overtaken(sink.events) == []


@pytest.mark.e2e
def test_a_killed_child_is_started_again(running: Installation, figures):
    changes_flow(running)
    children = family(running)
    assert set(children) == {"serve", "work", "schedule", "redis"}
    for name, pid in children.items():
        os.kill(pid, signal.SIGKILL)
        back = until(lambda n=name, p=pid: family(running).get(n, p) != p, 5, f"{name} is started again")
        changes_flow(running, 15)
        figures(f"{name} killed, started again {back:.2f} s later")
    until(running.settled, 10, "nothing is in flight")
    assert unstable(running.subscriber.events) == []
    assert running.end("run", DRAIN_SECONDS) == 0
