"""Works off replays: in small batches under the lease of the sink's lane, between which live traffic has its turn."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Mapping
from enum import Enum, auto

import structlog

from workers import clock
from workers.delivery import Delivery
from workers.echoes import Echoes
from workers.replay.overtaking import in_question, overtaken
from workers.replay.pace import Pace
from workers.replay.settling import Chosen, choose, settle_replay, stand_still, wants, without
from workers.sink_breaker import SinkBreaker
from workers.sinks.base import SinkOptions
from workers.store.connect import UNAVAILABLE
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Lease, Leases
from workers.store.replay_batches import Batch, ReplayBatches, Replayed
from workers.store.scripts import Scripts

log = structlog.get_logger()

#: While live traffic is at all partitions of a replay, it looks again so soon, and then less and less often.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.005, 0.25


class Step(Enum):
    """What came of one turn of a partition."""

    WORKED = auto()
    LIVE_FIRST = auto()
    #: Done, cancelled, at another worker, or waiting for its time: the sweep says when to come again.
    LEFT = auto()


class Replaying:
    """One task for each sink, which goes round the partitions: a sink gets one batch at a time from this process.

    `dispatch` starts the lane of a sink on a partition: live events that came during a batch were left to us.
    """

    def __init__(
        self,
        scripts: Scripts,
        leases: Leases,
        sinks: Mapping[str, SinkOptions],
        breaker: Callable[[str], SinkBreaker],
        echoes: Echoes,
        dispatch: Callable[[Partition, str], None],
    ) -> None:
        self._scripts = scripts
        self._leases = leases
        self._sinks = sinks
        self._breaker = breaker
        self._echoes = echoes
        self._dispatch = dispatch
        self._me = uuid.uuid4().hex
        self._partitions: dict[str, dict[Partition, None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def start(self, partition: Partition, sink: str) -> None:
        """There is a replay to be worked off, or was a moment ago."""
        if self._stopping:
            return
        self._partitions.setdefault(sink, {})[partition] = None
        if sink not in self._tasks:
            self._tasks[sink] = asyncio.create_task(self._run(sink))

    async def stop(self) -> None:
        """Waits for the batches under way; the caller sets the deadline."""
        self._stopping = True
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, sink: str) -> None:
        try:
            await self._rounds(sink)
        except UNAVAILABLE as error:
            log.warning("store unreachable, the replay is left to the sweep", sink=sink, error=str(error))
        except Exception:
            log.exception("replay stopped by a defect, the sweep starts it again", sink=sink)
        finally:
            self._tasks.pop(sink, None)
            self._partitions.pop(sink, None)

    async def _rounds(self, sink: str) -> None:
        pace, idle = Pace(self._sinks[sink].batch), _FIRST_PAUSE_SECONDS
        partitions = self._partitions[sink]
        while partitions and not self._stopping:
            if await self._round(sink, partitions, pace):
                idle = _FIRST_PAUSE_SECONDS
            elif partitions:
                await asyncio.sleep(idle)
                idle = min(2 * idle, _LONGEST_PAUSE_SECONDS)

    async def _round(self, sink: str, partitions: dict[Partition, None], pace: Pace) -> bool:
        """Each partition in turn; whether there was anything to do."""
        steps = set()
        for partition in list(partitions):
            if self._stopping:
                break
            step = await self._turn(Lane(self._scripts, partition, sink), pace)
            steps.add(step)
            if step is Step.LEFT:
                partitions.pop(partition, None)
        return Step.WORKED in steps

    async def _turn(self, lane: Lane, pace: Pace) -> Step:
        began, batches = time.monotonic(), ReplayBatches(self._scripts, lane)
        held = (self._leases.hold(lane.lease), self._leases.hold(lane.retrying))
        tokens, noted = tuple(lease.token for lease in held), False
        try:
            batch = await batches.read(tokens, self._me, pace.scan)
            if isinstance(batch, bool):
                noted = True
                return Step.LIVE_FIRST if batch else Step.LEFT
            more = await self._work(lane, batches, batch, held, pace)
            noted = True
        finally:
            await self._give_back(lane, held, noted=noted)
        await asyncio.sleep(pace.pause(time.monotonic() - began))
        return Step.WORKED if more else Step.LEFT

    async def _work(
        self, lane: Lane, batches: ReplayBatches, batch: Batch, held: tuple[Lease, Lease], pace: Pace
    ) -> bool:
        """Whether the next batch may follow at once."""
        done = await self._send(lane, batches, batch, held[0], pace)
        noted, live = await batches.commit([lease.token for lease in held], batch, done)
        if live > 0:
            self._dispatch(lane.partition, lane.sink)
        if done.reason:
            log.info("replay waits", sink=lane.sink, partition=str(lane.partition), reason=done.reason)
        return noted and not done.due_ms and done.next <= batch.last

    async def _send(
        self, lane: Lane, batches: ReplayBatches, batch: Batch, lease: Lease, pace: Pace
    ) -> Replayed:
        """What became of the batch."""
        breaker, options = self._breaker(lane.sink), self._sinks[lane.sink]
        async with breaker.passage(retry=True) as passage:
            if passage.shut or passage.burying:
                return stand_still(batch, breaker.until_ms, breaker.refusal.reason)
            chosen = await self._chosen(lane, batches, batch, pace.size)
            delivery = Delivery(
                options, passage, lease, clock.now, random.random, passage.held, passage.taken_ms
            )
            began = time.monotonic()
            done = await settle_replay(delivery, batch, chosen, probing=passage.probing)
        pace.took(time.monotonic() - began, sent=len(chosen.to_send), looked_at=len(batch.events))
        return done

    async def _chosen(self, lane: Lane, batches: ReplayBatches, batch: Batch, size: int) -> Chosen:
        """What of the batch goes out: wanted, not overtaken, and no echo where the sink wants none."""
        options = self._sinks[lane.sink]
        wanted = wants(options.filter)
        chosen = choose(batch, size, wanted)
        asked = in_question(batch, chosen.to_send)
        if asked:
            newer = await batches.newer(asked, batch.cursor)
            chosen = without(chosen, overtaken=overtaken(batch, chosen.to_send, newer, wanted))
        if options.own_writes == "deliver":
            return chosen
        own = await self._echoes.known(lane.partition.tenant, [(c.number, c.event) for c in chosen.to_send])
        return without(chosen, unwanted=own) if options.own_writes == "drop" else chosen.with_marks(own)

    async def _give_back(self, lane: Lane, held: tuple[Lease, Lease], *, noted: bool) -> None:
        """A commit gives the leases back by itself; after a defect they go too, and live traffic with them goes on."""
        for lease in held:
            if noted:
                self._leases.forget(lease)
            else:
                await self._leases.release(lease)
        if not noted:
            self._dispatch(lane.partition, lane.sink)
