"""What is true of the gate, the log, the ledger and a sink at every moment, and in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.workers.gate_faults import FlakySink
from tests.workers.gate_house import FETCH, RESOURCES, SINK, Version, Worker, World, arrival
from workers.plan import ABSENT
from workers.store.connect import connect


class GateTruths(RuleBasedStateMachine):
    """`newest`: the dictionary, resource → the newest state that was accepted. `guessed`: found absent at some time."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.redis = connect(url)
        self.world, self.sink = World(), FlakySink()
        self.newest: dict[str, Version] = {}
        self.guessed: set[str] = set()
        self.received = self.undecided = self.undelivered = 0
        self.leases_held = False
        self.worker = Worker(self.redis, self.world, self.sink)
        self.run(self.begin())

    async def begin(self) -> None:
        await self.redis.flushall()
        for lane in self.worker.lanes:
            await lane.register()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run(work)

    def reborn(self, at: int = -1, *, late: bool = False) -> Worker:
        return Worker(self.redis, self.world, self.sink, at, late=late)

    def accepted(self, resource: str, state: Version) -> None:
        self.received += 1
        self.newest[resource] = max(self.newest.get(resource, Version("", False)), state)

    # What is true at every moment.

    @invariant()
    def the_log_and_the_states_are_one_story(self) -> None:
        for resource, story in self.run(self.worker.log()).items():
            versions = [event.head.sequence for _, _, event in story]
            assert versions == sorted(set(versions)), (resource, versions)
            kinds = [event.head.data.change for _, _, event in story]
            assert ("deleted", "deleted") not in pairwise(kinds)
            assert [before for _, before, _ in story] == [0, *(number for number, _, _ in story)][
                : len(story)
            ]
            self.state_follows_the_log(resource, story)

    def state_follows_the_log(self, resource: str, story: list[Any]) -> None:
        state = self.run(self.worker.state(resource))
        assert (state is None) == (not story)
        if state is not None:
            number, _, last = story[-1]
            assert (state.number, state.deleted) == (number, last.head.data.change == "deleted")
            assert state.version == last.head.sequence or (
                state.deleted and state.version > last.head.sequence
            )

    @invariant()
    def the_ledger_balances(self) -> None:
        row = self.run(self.worker.ledger().row("acme", SINK))
        assert row.balanced, row
        assert row.received == self.received
        assert row.rejected == 0
        self.undecided = self.run(self.in_the_inboxes())
        self.undelivered = row.in_flight - self.undecided

    @invariant()
    def nothing_older_is_heard_after_what_is_newer(self) -> None:
        for resource in RESOURCES:
            heard = [e.head.sequence for e in self.sink.heard if e.head.subject == resource]
            first_times = list(dict.fromkeys(heard))
            assert first_times == sorted(first_times), (resource, heard)

    @invariant()
    def what_is_decided_is_the_newest_that_was_accepted(self) -> None:
        if not self.run(self.in_the_inboxes()):
            for resource, newest in self.newest.items():
                self.is_the_newest(resource, newest)

    async def in_the_inboxes(self) -> int:
        worker = self.worker
        keys = [k for p in worker.partitions for k in (p.inbox, *(p.waiting(n) for n in (*FETCH, "@bulk")))]
        return sum([await self.redis.xlen(key) for key in keys])

    def is_the_newest(self, resource: str, newest: Version) -> None:
        state = self.run(self.worker.state(resource))
        assert state is not None
        found = Version(state.version, state.deleted)
        if resource in self.guessed or FETCH[resource.partition("/")[0]] == "resource":
            # Protime was asked, which may know more than was told.
            gone = found.deleted and any(version.deleted for version in self.world.told[resource])
            assert found in self.world.told[resource] or gone, (found, newest)
            assert found.version >= newest.version or gone, (found, newest)
        else:
            assert found == newest

    # In the end everything is told, and everything arrives.

    def teardown(self) -> None:
        try:
            self.world.away, self.sink.failing = False, {}
            self.run(self.all_is_told())
            for resource, told in self.world.told.items():
                self.ended_as_protime_has_it(resource, told)
            self.the_ledger_balances()
            row = self.run(self.worker.ledger().row("acme", SINK))
            assert row.in_flight == 0
            ids = {e.id for story in self.run(self.worker.log()).values() for _, _, e in story}
            assert len({e.id for e in self.sink.heard}) + row.dead_lettered >= len(ids)
        finally:
            self.run(self.redis.aclose())
            self.loop.close()

    async def all_is_told(self) -> None:
        self.worker = self.reborn()
        for resource, told in self.world.told.items():
            if told:
                await self.worker.inbox.append("acme", "delta", [arrival(resource, told[-1])])
                self.received += 1
        await self.worker.pulled()
        await self.worker.leases_run_out()
        await self.worker.ingest()
        for _ in range(6):
            await self.worker.leases_run_out()
            await self.worker.deliver()
            await self.worker.retry()
        assert not await self.in_the_inboxes()

    def ended_as_protime_has_it(self, resource: str, told: list[Version]) -> None:
        state = self.run(self.worker.state(resource))
        assert (state is None) == (not told)
        if state is not None:
            assert state.deleted == told[-1].deleted
            assert state.version == told[-1].version or (state.deleted and state.version.endswith(ABSENT))
