"""`kill -9` and frozen processes at seeded random moments, and what an orchestrator does then: it starts again what is gone."""

from __future__ import annotations

import random
import signal
import threading
import time
from dataclasses import dataclass

from tests.e2e.installation import Installation, answers_ping, until


@dataclass(frozen=True)
class Strike:
    """Kill these together, `at` seconds after the beginning, and start them again after `away` seconds.

    With `freeze` they are stopped and go on later, as if nothing had been.
    """

    at: float
    names: tuple[str, ...]
    away: float
    freeze: bool = False


def plan(rng: random.Random, seconds: float) -> list[Strike]:
    """Each of worker, receiver and Redis several times, once all together, and a worker frozen beyond its leases."""
    kills = [("work",)] * 3 + [("serve",)] * 3 + [("redis",)] * 3
    kills.append(("redis", "serve", "work", "work2", "schedule"))
    victims = [(names, False) for names in kills] + [(("work",), True)] * 2
    rng.shuffle(victims)
    moments = sorted(rng.uniform(0, seconds) for _ in victims)
    return [
        Strike(at, names, rng.uniform(2.0, 3.5) if freeze else rng.uniform(0.1, 1.5), freeze)
        for at, (names, freeze) in zip(moments, victims, strict=True)
    ]


class Chaos(threading.Thread):
    """Carries out a plan. Wait for `done`: then everything runs again."""

    def __init__(self, installation: Installation, strikes: list[Strike]) -> None:
        super().__init__(daemon=True)
        self._installation = installation
        self._strikes = strikes
        self.done = threading.Event()
        self.revived = 0

    def run(self) -> None:
        begun = time.monotonic()
        for strike in self._strikes:
            while time.monotonic() < begun + strike.at:
                self.revive()
                time.sleep(0.05)
            self.carry_out(strike)
        until(lambda: answers_ping(self._installation.redis_port), 15, "Redis answers")
        self.revive()
        self.done.set()

    def carry_out(self, strike: Strike) -> None:
        running = [n for n in strike.names if self._runs(n)]
        if strike.freeze:
            self._signal(running, signal.SIGSTOP)
            time.sleep(strike.away)
            self._signal(running, signal.SIGCONT)
            return
        self._installation.kill(*running)
        time.sleep(strike.away)
        self._installation.start(*strike.names)

    def _signal(self, names: list[str], number: signal.Signals) -> None:
        for name in names:
            self._installation.processes[name].send_signal(number)

    def revive(self) -> None:
        self.revived += self._installation.revive()

    def _runs(self, name: str) -> bool:
        return self._installation.processes[name].poll() is None
