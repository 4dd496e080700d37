"""Many simulated days: carries out a schedule on an installation, with traffic in every collection all the time."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests.e2e.chaos import Chaos, Strike
from tests.e2e.installation import Installation, answers_ping, until
from tests.e2e.soak_promises import gone
from tests.e2e.soak_schedule import Step, steps, strikes
from tests.e2e.stand_in import Record

#: What chance makes of deliveries on any day.
CHANCE = {
    "drop_probability": 0.03,
    "duplicate_probability": 0.05,
    "reorder_probability": 0.1,
    "reorder_seconds": 0.5,
}
RECORDS, CHANGES_PER_SECOND = 25, 6.0
MOVED_DAYS = 40
_DAY = {"assignments": "from", "clockings": "date", "absences": "date", "calculated-totals": "date"}
DAY = 86_400.0
TROUBLED: dict[str, dict[str, Any]] = {
    "maintenance": {"unavailable": True},
    "gateway pages": {"html_errors": True, "error_rate": 0.7},
    "too many requests": {"rate_limit_per_minute": 5},
    "silence": {"unavailable": True, "drop_probability": 1.0},
}


class Soak:
    """One run. `seconds` is how long a simulated day takes."""

    def __init__(self, installation: Installation, seed: int, days: int, seconds: float) -> None:
        self.installation = installation
        self.protime = installation.protime
        self.collections = tuple(installation.collections)
        self.steps = steps(seed, days, self.collections)
        self.strikes = strikes(seed, days)
        self.interfered: set[str] = set()  # webhooks that came to their end behind our back
        self._seconds = seconds
        self._begun = time.monotonic()
        self._seeds = itertools.count(seed)
        self._rng = random.Random(f"run {seed}")
        self._troubles: set[str] = set()
        self._killed: dict[str, int] = {}  # how often a worker had been ready when it was killed last
        self._chaos = Chaos(installation, [])
        self._records: dict[str, list[int]] = {}
        self._removed: dict[str, list[Record]] = {name: [] for name in self.collections}
        self._untold: dict[str, list[Record]] = {name: [] for name in self.collections}

    def run(self) -> int:
        """All days; then everything is as on an ordinary day again. Returns how often a process found no store."""
        self._begun = time.monotonic()
        for happening in sorted([*self.steps, *self.strikes], key=lambda h: h.at):
            until(lambda: self._due(happening.at), 60, "time passes")  # noqa: B023
            if isinstance(happening, Strike):
                self._strike(happening)
            else:
                self._take(happening)
        until(lambda: answers_ping(self.installation.redis_port), 15, "Redis answers")
        self._chaos.revive()
        self.protime.switch(**self._switches())
        until(lambda: self.protime.stats()["generating"] == 0, 60, "all changes are made")
        return self._chaos.revived

    def _strike(self, strike: Strike) -> None:
        """The worker that was killed the day before works again by then: while a busy machine starts it, time stands still."""
        if not all(map(self._works, self._killed)):
            self.protime.switch(time_factor=1.0, retry_time_factor=1.0)
            self._begun += until(
                lambda: all(map(self._works, self._killed)), 60, "a killed worker works again"
            )
            self.protime.switch(**self._switches())
        self._killed = {name: self._times_ready(name) for name in strike.names if name.startswith("work")}
        self._chaos.carry_out(replace(strike, away=strike.away * self._seconds))

    def _works(self, name: str) -> bool:
        self._traffic()
        self._chaos.revive()
        return self._times_ready(name) > self._killed[name]

    def _times_ready(self, name: str) -> int:
        return (self.installation.directory / f"{name}.log").read_text().count("worker ready")

    def _due(self, day: float) -> bool:
        self._traffic()
        self._chaos.revive()
        return time.monotonic() >= self._begun + day * self._seconds

    def _traffic(self) -> None:
        """Goes on for as long as the days last: a webhook that nobody needs at the moment proves nothing."""
        if self.protime.stats()["generating"] < len(self.collections) * CHANGES_PER_SECOND:
            for name in self.collections:
                order = {"count": RECORDS, "changes": 3 * int(CHANGES_PER_SECOND), "seed": next(self._seeds)}
                made = self.protime.generate(collection=name, per_second=CHANGES_PER_SECOND, **order)
                self._records.setdefault(name, made)

    def _take(self, step: Step) -> None:
        match step.what:
            case "delete record":
                self._delete(step.whom)
            case "bring back record":
                self._bring_back(step.whom)
            case "plan untold":
                self.plan_untold(step.whom)
            case "move untold":
                self._move_untold(step.whom)
            case "conflict burst":
                self.protime.switch(delta_conflict_burst=self._rng.randint(1, 5))
            case "disable webhook" | "delete webhook" | "expire webhook":
                self._interfere(step.whom, step.what.partition(" ")[0])
            case "error burst":
                self.protime.switch(error_burst=self._rng.randint(5, 20))
            case "revoked tokens":
                self.protime.revoke_tokens()
            case trouble:
                (self._troubles.discard if step.ends else self._troubles.add)(trouble)
                self.protime.switch(**self._switches())

    def _switches(self) -> dict[str, Any]:
        """The settings of an ordinary day, changed by all the troubles of the moment."""
        settings = switches(self._seconds)
        for trouble in sorted(self._troubles):
            settings |= TROUBLED[trouble]
        return settings

    def plan_untold(self, collection: str) -> None:
        """A new record whose one notification is lost: nothing that comes later makes up for it."""
        there = [e["record"] for e in self.protime.state(collection).values() if not gone(e)]
        fields = {name: value for name, value in there[0].items() if name != "id"}
        self._untold[collection].append(self._write_untold(collection, **fields))

    def _move_untold(self, collection: str) -> None:
        """To a day that no comparison lists: a record that the sink knows, and that nobody but we change, once."""
        known = self.installation.subscriber.last()
        ours = (r for r in self._untold[collection] if f"{collection}/{r['id']}" in known)
        if record := next(ours, None):
            self._untold[collection].remove(record)
            later = (date.fromisoformat(record[_DAY[collection]]) + timedelta(days=MOVED_DAYS)).isoformat()
            days = {name: later for name in (_DAY[collection], "until") if name in record}
            self._write_untold(collection, id=record["id"], **days)

    def _write_untold(self, collection: str, **fields: Any) -> Record:
        self.protime.switch(drop_probability=1.0)
        record = self.protime.write(collection, **fields)
        self.protime.switch(drop_probability=self._switches()["drop_probability"])
        return record

    def _delete(self, collection: str) -> None:
        """A change and, before its notification is through, the deletion."""
        number = self._rng.choice(self._records[collection])
        entry = self.protime.state(collection)[f"{collection}/{number}"]
        if not gone(entry):
            self.protime.write(collection, id=number)
            self.protime.remove(number, collection)
            self._removed[collection].append(entry["record"])

    def _bring_back(self, collection: str) -> None:
        if self._removed[collection]:
            self.protime.write(collection, **self._removed[collection].pop(0))

    def _interfere(self, collection: str, action: str) -> None:
        newest = self.protime.deliveries(collection)[-1]["webhook"]
        self.interfered.add(newest)
        self.protime.interfere(newest, action)


def switches(seconds: float) -> dict[str, Any]:
    """The simulator's settings of an ordinary day that takes so many seconds."""
    return {
        **CHANCE,
        "unavailable": False,
        "retry_after_seconds": 1,
        "html_errors": False,
        "error_rate": 0.0,
        "error_burst": 0,
        "delta_conflict_burst": 0,
        "rate_limit_per_minute": 0,
        "rate_limit_window_seconds": 1.0,
        "time_factor": DAY / seconds,
        # A process needs a second to start again, whatever time it is: no webhook is given up, no page lost over that.
        "retry_time_factor": seconds / DAY,
        "continuation_life_seconds": DAY,
    }
