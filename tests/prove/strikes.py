"""What is done to processes: killed, frozen, ended in order and started again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from tests.e2e.installation import Installation, answers_ping, until
from tests.prove.fault import Moment

WORKERS = ("work", "work2")
OURS = ("serve", *WORKERS, "schedule")
#: What worker, scheduler, receiver and Redis write into their logs.
READY = (b"worker ready", b"scheduler ready", b"Uvicorn running", b"Ready to accept connections")


def killed(*names: str) -> Callable[[Moment], None]:
    """All of them at the same moment; started again after half a second or less."""

    def strike(moment: Moment) -> None:
        house = moment.house
        house.kill(*names)
        time.sleep(moment.rng.uniform(0.05, 0.5))
        house.start(*names)
        if "redis" in names:
            until(lambda: answers_ping(house.redis_port), 15, "Redis answers", every=0.01)

    return strike


def frozen(least: float, most: float) -> Callable[[Moment], None]:
    """One of two workers stops in the middle of whatever it does and goes on so many seconds later, as if nothing had been."""

    def strike(moment: Moment) -> None:
        worker = moment.house.processes[moment.rng.choice(WORKERS)]
        worker.send_signal(signal.SIGSTOP)
        try:
            time.sleep(moment.rng.uniform(least, most))
        finally:
            worker.send_signal(signal.SIGCONT)

    return strike


def restarted(*names: str) -> Callable[[Moment], None]:
    """One after the other, in any order: SIGTERM, a clean end, a new process; the next one when it is ready."""

    def strike(moment: Moment) -> None:
        for name in moment.rng.sample(names, len(names)):
            ended(moment.house, name)
            begun(moment.house, name)

    return strike


def ended(house: Installation, name: str) -> None:
    """SIGTERM; AssertionError when its end was not clean (exit code 0)."""
    code = house.end(name)
    assert code == 0, f"{name} ended with {code} after SIGTERM"


def begun(house: Installation, name: str) -> None:
    """Starts a process and waits until it says that it is ready: before, SIGTERM finds nobody who ends in order."""
    log = house.directory / f"{name}.log"
    known = log.stat().st_size
    house.start(name)
    until(lambda: any(said in log.read_bytes()[known:] for said in READY), 60, f"{name} is ready")
