"""Redis away, a worker killed: nothing accepted is lost, and everything flows again by itself within seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx
import pytest

from tests.e2e.installation import PAYLOAD, Installation, answers_ping, until
from tests.e2e.promises import differences, lost, overtaken

pytestmark = pytest.mark.alone

TOKEN, KEY = "a-token-that-somebody-chose-by-hand", "a-key-that-protime-showed-once"
MANUAL = {
    "clockings": {"since": "2026-01-01", "fetch": "payload", "webhook": {"token": TOKEN, "keys": [KEY]}}
}
PARTITIONS = 8
FRESH = 5 * PARTITIONS  # so many resources lie in every partition


def notify(installation: Installation, number: int) -> httpx.Response:
    """A notification of our own, signed with the key of the subscription that was made by hand."""
    data = {"changeVersion": f"{number:020X}", "id": number, "date": "2026-03-09", "timeOfDayInMinutes": 480}
    item = {"changeType": "InsertOrUpdate", "data": {**data, "kind": "InOut", "person": {"id": 1}}}
    body = json.dumps(item).encode()
    signature = base64.b64encode(hmac.digest(KEY.encode(), body, hashlib.sha256)).decode()
    headers = {"X-Protime-Signature": signature, "content-type": "application/json"}
    return installation.http.post(f"/webhooks/acme/clockings/{TOKEN}", content=body, headers=headers)


def seconds_until_all_arrive(installation: Installation, since: float) -> float:
    """New records in all partitions, and how long after `since` (Unix seconds) the last of them was at the sink."""
    planned = [installation.protime.plan() for _ in range(FRESH)]
    subjects = {f"assignments/{record['id']}" for record in planned}
    until(lambda: subjects <= set(installation.subscriber.last()), 30, "new records arrive")
    return max(at for at, e in installation.subscriber.first_deliveries() if e["subject"] in subjects) - since


def check_promises(installation: Installation) -> None:
    until(installation.protime.quiet, 60, "all notifications are sent")
    until(installation.settled, 15, "nothing is in flight")
    firsts = [event for _, event in installation.subscriber.first_deliveries()]
    assert differences(installation.protime.state(), installation.subscriber.last()) == {}
    assert lost(installation.protime.accepted(), firsts) == []
    assert overtaken(firsts) == []


@pytest.mark.e2e
def test_while_redis_is_away_nothing_is_accepted_and_then_all_flows_again(install, figures):
    installation: Installation = install(collections={**PAYLOAD, **MANUAL}, sink={"batch": 20})
    installation.start_all()
    assert notify(installation, 1).status_code == 202
    pids = {name: p.pid for name, p in installation.processes.items() if name != "redis"}
    installation.protime.generate(count=40, changes=450, per_second=75)
    time.sleep(1)
    installation.kill("redis")
    answers = refused_for(installation, 2.5)
    assert {(r.status_code, int(r.headers["retry-after"]) > 0) for r in answers} == {(503, True)}
    assert installation.http.get("/livez").status_code == 200
    assert installation.http.get("/readyz").status_code == 503

    installation.start("redis")
    until(lambda: answers_ping(installation.redis_port), 15, "Redis answers", every=0.005)
    back = time.time()
    accepting = until(
        lambda: notify(installation, 1000).status_code == 202, 10, "the receiver accepts", every=0.02
    )
    flowing = seconds_until_all_arrive(installation, back)
    figures(
        f"Redis away for 2.5 s, {len(answers)} requests refused; after its return: accepting within {accepting:.2f} s, "
        f"full flow within {flowing:.2f} s"
    )
    assert flowing <= 5
    assert installation.http.get("/readyz").status_code == 200
    check_promises(installation)
    clockings = {
        e["data"]["id"] for e in installation.subscriber.events if e["data"]["collection"] == "clockings"
    }
    assert clockings == {1, 1000}, "what was refused was not accepted, what was accepted arrived"
    assert {
        name: p.pid for name, p in installation.processes.items() if p.poll() is None and name in pids
    } == pids


def refused_for(installation: Installation, seconds: float) -> list[httpx.Response]:
    answers, end, number = [], time.monotonic() + seconds, 2
    while time.monotonic() < end:
        answers.append(notify(installation, number))
        number += 1
        time.sleep(0.05)
    return answers


@pytest.mark.e2e
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_costs_seconds(install, figures, workers: int):
    installation: Installation = install(collections=PAYLOAD, sink={"batch": 20})
    names = ["work", "work2"][:workers]
    installation.start_all("serve", *names, "schedule")
    installation.protime.generate(count=100, changes=500, per_second=100)
    time.sleep(2)
    installation.kill("work")
    begun = time.time()
    if workers == 1:
        time.sleep(1)
        installation.start("work")
        begun = time.time()
    flowing = seconds_until_all_arrive(installation, begun)
    what = "the only worker killed and started again" if workers == 1 else "one of two workers killed"
    figures(f"{what}: full flow {flowing:.2f} s later")
    # Far below what any timer would take (a lost job's heartbeat, the sweep), far above a slow machine's start of Python.
    assert flowing <= 10
    check_promises(installation)


@pytest.mark.e2e
def test_changes_reach_the_sink_at_once(install, figures):
    """An idle worker is woken inside Redis: stock Dramatiq would ask again after up to a second."""
    installation: Installation = install(collections=PAYLOAD)
    installation.start_all()
    installation.protime.generate(count=20, changes=10)  # connections are open, scripts are loaded
    until(installation.settled, 10, "nothing is in flight")
    seen = len(installation.subscriber.events)
    installation.protime.generate(count=20, changes=100, per_second=20, seed=2)
    until(installation.protime.quiet, 20, "all changes are sent")
    until(lambda: len(installation.subscriber.events) == seen + 100, 5, "all changes are delivered")
    accepted, whole = latencies(installation, seen)
    figures(
        f"accepted → sink: {spread(accepted)}; sent by Protime → sink: {spread(whole)} (one change per 50 ms)"
    )
    assert quantile(accepted, 0.5) <= 50


def latencies(installation: Installation, start: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the 2xx, and from the sending of the notification, to the sink."""
    sent: dict[tuple[int, str], Any] = {
        (d["id"], d["changeVersion"]): d["attempts"][0] for d in installation.protime.deliveries()
    }
    sink = installation.subscriber
    pairs = [
        (at, sent[e["data"]["id"], e["sequence"]]) for at, e in zip(sink.arrived, sink.events, strict=True)
    ][start:]
    return sorted(1000 * (at - a["answeredAt"]) for at, a in pairs), sorted(
        1000 * (at - a["sentAt"]) for at, a in pairs
    )


def quantile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def spread(ordered: list[float]) -> str:
    return (
        f"p50 {quantile(ordered, 0.5):.1f} ms, p95 {quantile(ordered, 0.95):.1f} ms, max {ordered[-1]:.1f} ms"
    )
