"""The gate against a dictionary: any change by any channel in any order, and a process that may end anywhere.

Hypothesis switches rules off at random, but never all that can run at the start: hence the conditions on most of them.

`SHIFTWIRE_MACHINE_EXAMPLES=5000 pytest -o timeout=0 tests/workers/test_gate_machine.py` looks for longer, and makes what
it finds as short as it can, which takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from tests.workers.gate_faults import Killed
from tests.workers.gate_house import RESOURCES, Version, Worker, arrival
from tests.workers.gate_truths import GateTruths
from workers.sinks.base import Failure

LONG = os.environ.get("SHIFTWIRE_MACHINE_EXAMPLES")
PHASES = (Phase.reuse, Phase.generate, *([Phase.shrink] if LONG else []))
FAILURES = {
    "event": Failure("HTTP 500"),
    "refused": Failure("HTTP 422", permanent=True),
    "away": Failure("connection refused", scope="sink"),
}
resources = st.sampled_from(RESOURCES)
Deliver = Callable[..., Coroutine[Any, Any, None]]
failing = st.builds(
    dict.fromkeys, st.sets(resources), st.sampled_from([FAILURES["event"], *FAILURES.values()])
)
channels = st.sampled_from(["webhook", "webhook", "delta", "sync", "reconcile", "lost"])


class GateMachine(GateTruths):
    # What happens at Protime, and how it is told: newest, older, twice, in any order, or not at all.

    @rule(
        resource=resources,
        deleted=st.booleans(),
        channels=st.lists(channels, min_size=1, max_size=2),
        then=st.sampled_from(["", "decided", "delivered"]),
        fails=failing,
    )
    def something_changes(
        self, resource: str, deleted: bool, channels: list[str], then: str, fails: dict[str, Failure]
    ) -> None:
        self.world.change(resource, deleted=deleted)
        for channel in channels:
            self.tell(resource, self.world.told[resource][-1], channel)
        if then:
            self.ingest("once", pulled=True, away=False)
        if then == "delivered":
            self.deliver(Worker.deliver, stolen=False, fails=fails)

    @precondition(lambda self: self.newest)
    @rule(resource=resources, back=st.integers(1, 3), channel=channels)
    def it_is_told_late(self, resource: str, back: int, channel: str) -> None:
        for state in self.world.told[resource][-back:][:1]:
            self.tell(resource, state, channel)

    def tell(self, resource: str, state: Version, channel: str) -> None:
        told, inbox = arrival(resource, state), self.worker.inbox
        if channel == "webhook":
            self.run(self.worker.notify(told))
        elif channel != "lost":
            self.run(inbox.append("acme", channel, [told], bulk=channel != "delta"))
        if channel != "lost":
            self.accepted(resource, state)

    @precondition(lambda self: any(told and told[-1].deleted for told in self.world.told.values()))
    @rule(resource=resources)
    def it_is_found_absent(self, resource: str) -> None:
        if self.world.told[resource] and self.world.told[resource][-1].deleted:
            gone = self.run(self.worker.absent(resource))
            if gone is not None:
                self.guessed.add(resource)
                self.accepted(resource, Version(gone.version, True))

    # What the workers do: whole, beside another one that took the lease, or cut off in the middle.

    @precondition(lambda self: self.undecided)
    @rule(how=st.sampled_from(["once", "twice", "stolen"]), pulled=st.booleans(), away=st.booleans())
    def work(self, how: str, pulled: bool, away: bool) -> None:
        self.ingest(how, pulled=pulled, away=away)

    def ingest(self, how: str, *, pulled: bool, away: bool) -> None:
        self.world.away = away
        if pulled:
            self.run(self.worker.pulled())
        before = self.lease_lost(lambda other: other.ingest()) if how == "stolen" else None
        self.run(self.worker.ingest(before, twice=how == "twice"))

    @precondition(lambda self: self.undelivered)
    @rule(
        work=st.sampled_from([Worker.deliver, Worker.deliver, Worker.deliver, Worker.retry]),
        stolen=st.booleans(),
        fails=failing,
    )
    def send(self, work: Deliver, stolen: bool, fails: dict[str, Failure]) -> None:
        self.deliver(work, stolen=stolen, fails=fails)

    def deliver(self, work: Deliver, *, stolen: bool, fails: dict[str, Failure]) -> None:
        self.sink.failing = fails
        self.run(work(self.worker, self.lease_lost(work) if stolen else None))

    @precondition(lambda self: self.undecided or self.undelivered)
    @rule(
        work=st.sampled_from([Worker.ingest, Worker.deliver, Worker.retry]),
        at=st.integers(1, 6),
        late=st.booleans(),
    )
    def die(self, work: Callable[[Worker], Coroutine[Any, Any, None]], at: int, late: bool) -> None:
        try:
            self.run(work(self.reborn(at, late=late)))
        except Killed:
            self.worker = self.reborn()
            self.leases_held = True

    @precondition(lambda self: self.leases_held)
    @rule()
    def leases_run_out(self) -> None:
        self.leases_held = False
        self.run(self.worker.leases_run_out())

    def lease_lost(self, work: Callable[[Worker], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def meanwhile() -> None:
            await self.worker.leases_run_out()
            await work(self.reborn())

        return meanwhile


def test_the_gate_is_a_dictionary_whatever_happens(redis_url: str) -> None:
    run_state_machine_as_test(
        lambda: GateMachine(redis_url),
        settings=settings(
            max_examples=int(LONG or 40),
            phases=PHASES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
