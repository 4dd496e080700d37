"""Clocks that jump by an hour while everything runs: of one kind of process, of all, or of Redis. Protime keeps its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.installation import Installation
from tests.prove.fault import Fault, Moment
from tests.prove.faults_processes import DELTA
from tests.prove.strikes import OURS

HOURS = (3600, -3600)
CLOCK = Path(__file__).parent / "clock"
VARIABLE = "SHIFTWIRE_PROVE_CLOCK"
#: An hour is beyond the life of a token (30 minutes) and of a webhook, which also has to be renewed again and again in a run.
LIVES = {
    "settings": {"webhook_validity_seconds": 12.0},
    "extra": {"subscriptions": {"check_seconds": 1, "renew_at": 0.5}},
}


def movable(house: Installation) -> Callable[[], None]:
    """Prepares an installation: its processes look for the offset of their clock in a folder of it."""
    path = os.pathsep.join(filter(None, (str(CLOCK), os.environ.get("PYTHONPATH"))))
    house.environment |= {VARIABLE: str(_offsets(house)), "PYTHONPATH": path}
    return lambda: None


def movable_store(house: Installation) -> Callable[[], None]:
    """The same for Redis, which is no Python: needs a C compiler. Our processes have it too, but no file with their number."""
    library = house.directory / "redis_clock.so"
    command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(CLOCK / "redis_clock.c"), "-ldl"]
    subprocess.run(command, check=True)
    house.environment |= {VARIABLE: str(_offsets(house)), "LD_PRELOAD": str(library)}
    return lambda: None


def _offsets(house: Installation) -> Path:
    folder = house.directory / "clock"
    folder.mkdir()
    return folder


def jumped(name: str, rests: float = 0.0) -> Callable[[Moment], None]:
    """The clock of a process jumps by an hour, and is right again with the next strike: flow is measured while it is wrong.

    `rests`: seconds before the flow is measured, where it stops only when something was not done for a while.
    """

    def strike(moment: Moment) -> None:
        if _file(moment.house, name).exists():
            right(moment.house, name)
        else:
            wrong(moment.house, moment.rng.choice(HOURS), name)
        time.sleep(rests)

    return strike


def lapsed(*names: str, longest: float = 4.0) -> Callable[[Moment], None]:
    """All these clocks jump by the same hour, and are right again at most `longest` seconds later.

    While the clocks of all workers are wrong, a receiver that verifies the time of a signature refuses every delivery.
    """

    def strike(moment: Moment) -> None:
        wrong(moment.house, moment.rng.choice(HOURS), *names)
        time.sleep(moment.rng.uniform(0.5, longest))
        right(moment.house, *names)

    return strike


def wrong(house: Installation, seconds: int, *names: str) -> None:
    for name in names:
        new = _file(house, name).with_suffix(".new")
        new.write_text(str(seconds), encoding="ascii")
        new.replace(_file(house, name))  # all at once: it is looked at twenty times a second


def right(house: Installation, *names: str) -> None:
    for name in names:
        _file(house, name).unlink()


def _file(house: Installation, name: str) -> Path:
    return Path(house.environment[VARIABLE]) / str(house.processes[name].pid)


SHARED = "tests/workers/test_clock.py"
MOVABLE: dict[str, Any] = {"moments": 20, "house": LIVES, "prepare": movable}


FAULTS = (
    Fault(
        "clock of a worker",
        "the clock of one of two workers jumps an hour ahead or back, and later right again",
        "tokens look over, or as if given out in the future",
        "it follows the clock of Redis: signatures, waits and the pace of calls are by the store's time, leases by a monotonic clock",
        jumped("work"),
        SHARED,
        **MOVABLE,
    ),
    Fault(
        "clock of a worker, fetch: delta",
        "the clock of one of two workers that pull deltas jumps an hour ahead or back, and later right again",
        "tokens look over, or as if given out in the future",
        "as above: when a delta was pulled is noted by the store's time",
        jumped("work"),
        SHARED,
        **MOVABLE,
        **DELTA,
    ),
    Fault(
        "clock of the receiver",
        "the clock of `serve` jumps an hour ahead or back, and later right again",
        "nothing",
        "what arrives is dated by Redis; Protime's signature has no time",
        jumped("serve"),
        "tests/service/test_signatures.py",
        **MOVABLE,
    ),
    Fault(
        "clock of the scheduler",
        "the clock of `schedule` jumps an hour ahead or back, and later right again",
        "nothing",
        "its timers run by a monotonic clock, what is due is asked by the store's time",
        jumped("schedule", rests=8.0),
        "tests/workers/test_sweep.py",
        **{**MOVABLE, "moments": 6},
    ),
    Fault(
        "all clocks",
        "the clocks of receiver, workers and scheduler jump an hour ahead or back, and right again within seconds",
        "nothing but times in logs",
        "workers and scheduler follow the clock of Redis; what arrives is dated by it",
        lapsed(*OURS),
        SHARED,
        **MOVABLE,
    ),
    Fault(
        "all clocks, fetch: delta",
        "the clocks of receiver, workers and scheduler jump, and right again within seconds, while deltas are pulled",
        "nothing but times in logs",
        "workers and scheduler follow the clock of Redis; what arrives is dated by it",
        lapsed(*OURS),
        SHARED,
        **MOVABLE,
        **DELTA,
    ),
    Fault(
        "clock of Redis",
        "the clock of the server that all others follow jumps an hour ahead or back, and right again within seconds",
        "everything is dated wrongly, and leases end too early or too late",
        "what was noted later than now, or waits longer than anything may, was noted before the clock was set back, and is due",
        lapsed("redis", longest=12.0),  # Redis is asked for the time every five seconds
        "tests/prove/test_clock_faults.py",
        **{**MOVABLE, "prepare": movable_store},
    ),
    Fault(
        "clock of Redis, fetch: delta",
        "the clock of the server that all others follow jumps, and right again within seconds, while deltas are pulled",
        "everything is dated wrongly, and leases end too early or too late",
        "as above",
        lapsed("redis", longest=12.0),  # Redis is asked for the time every five seconds
        "tests/prove/test_clock_faults.py",
        **{**MOVABLE, "prepare": movable_store},
        **DELTA,
    ),
)
