"""Processes that are killed with `kill -9`, frozen, or ended in order, alone and together, with Redis among them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.e2e.installation import ASSIGNMENTS
from tests.prove.fault import Fault
from tests.prove.strikes import OURS, WORKERS, frozen, killed, restarted

ONE_WORKER = ("serve", "work", "schedule")
#: Between two changes of a resource only the net change is fetched: fewer events than changes.
DELTA: dict[str, Any] = {
    "collections": {"assignments": {**ASSIGNMENTS["assignments"], "fetch": "delta", "poll_seconds": 2}},
    "every": False,
}
OUTAGES = "tests/e2e/test_outages.py"
KILLS = "tests/e2e/test_nothing_is_lost.py"

WORKER = Fault(
    "worker killed",
    "`kill -9` of one of two workers",
    "its batches are not committed, or delivered and not noted",
    "its leases end, the sweep wakes the other worker; what was not noted is repeated with the same id",
    killed("work"),
    OUTAGES,
    moments=50,
)

KILLED = (
    WORKER,
    replace(
        WORKER,
        name="worker killed, fetch: delta",
        effect="a page of the delta is appended and its link not stored, or not even appended",
        does="the lock on the delta ends, the other worker asks with the old link again; the gate knows what it has seen",
        **DELTA,
    ),
    Fault(
        "both workers killed",
        "`kill -9` of all workers at once",
        "nothing is delivered; notifications are accepted into the inbox",
        "the new workers go on at the cursors in the store as soon as the old leases have ended",
        killed(*WORKERS),
        OUTAGES,
        moments=50,
    ),
    Fault(
        "only worker killed",
        "`kill -9` of the worker of an installation that has one",
        "nothing is delivered; notifications are accepted into the inbox",
        "the new worker goes on at the cursors in the store as soon as the old leases have ended",
        killed("work"),
        OUTAGES,
        moments=50,
        processes=ONE_WORKER,
    ),
    Fault(
        "receiver killed",
        "`kill -9` of `serve`",
        "connections to it are refused or reset; Protime may repeat what was stored and not answered",
        "Protime repeats what got no 2xx; the gate recognises what was stored already",
        killed("serve"),
        KILLS,
        moments=50,
    ),
    Fault(
        "scheduler killed",
        "`kill -9` of `schedule`",
        "no sweep, no polling, no check of subscriptions until it is back; live traffic does not need it",
        "its timers begin anew: each runs once at the start",
        killed("schedule"),
        "tests/workers/test_sweep.py",
        moments=50,
    ),
)

STORE_KILLED = (
    Fault(
        "Redis killed",
        "`kill -9` of Redis with an fsync on every append",
        "503 with `Retry-After` to Protime; `/readyz` 503; workers wait",
        "what was accepted is in its append-only file; all processes reconnect by themselves",
        killed("redis"),
        OUTAGES,
        moments=50,
    ),
    Fault(
        "worker and Redis killed",
        "`kill -9` of one of two workers and of Redis at once",
        "503 to Protime; batches are delivered and not noted",
        "the other worker reconnects and takes over when the leases have ended; repeated events keep their id",
        killed("work", "redis"),
        KILLS,
        moments=50,
    ),
    Fault(
        "everything killed",
        "`kill -9` of Redis, receiver, workers and scheduler at once, as by a power cut",
        "connections are refused",
        "started in any order; a process that finds no store ends with exit code 69 and is started again",
        killed("redis", *OURS),
        KILLS,
        moments=50,
    ),
)

ALIVE = (
    Fault(
        "worker frozen",
        "one of two workers stands still for 2 to 3.5 s, past its leases, and goes on (SIGSTOP, SIGCONT)",
        "it believes that its leases hold, and may be in the middle of a delivery",
        "the other worker takes over; the script of the store refuses what the frozen one still commits",
        frozen(2.0, 3.5),
        KILLS,
        moments=20,
    ),
    Fault(
        "worker frozen for long",
        "one of two workers stands still for 12 s, longer than its connections are waited for",
        "half-sent requests, connections that the other side has closed",
        "the other worker takes over; the frozen one connects again and goes on with what is left",
        frozen(12.0, 12.0),
        KILLS,
        moments=3,
    ),
    Fault(
        "rolling restart",
        "receiver, workers and scheduler are ended (SIGTERM) and started again, one after the other",
        "connections are refused for as long as the one receiver is away",
        "each finishes what is under way, gives its leases back and ends with exit code 0",
        restarted(*OURS),
        "tests/e2e/test_run.py",
        moments=10,
    ),
    Fault(
        "Redis restarted",
        "Redis is ended (SIGTERM) and started again",
        "503 to Protime for as long as it is away",
        "all processes reconnect by themselves",
        restarted("redis"),
        OUTAGES,
        moments=20,
    ),
)

#: With the store, what deltas have fetched goes away in the middle as well.
BY_DELTA = tuple(
    replace(
        fault,
        name=f"{fault.name}, fetch: delta",
        effect="as above; a page of the delta may be appended without its link",
        does="as above; the old link is asked again, and the gate knows what it has seen",
        **DELTA,
    )
    for fault in STORE_KILLED
)

#: What all others are to be seen beside.
NOTHING = Fault(
    "nothing",
    "no fault at all",
    "traffic as in all rows",
    "what it always does",
    lambda _: None,
    OUTAGES,
)

FAULTS = (NOTHING, *KILLED, *STORE_KILLED, *BY_DELTA, *ALIVE)
