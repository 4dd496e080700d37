"""What operators do about replays, at the command line and over HTTP: count, order, look, cancel."""

from __future__ import annotations

from collections.abc import Iterable

from workers.config import Config
from workers.replay.estimate import Estimate, Estimator, estimate
from workers.replay.request import ReplayOrder
from workers.replay.settling import wants
from workers.store import Store
from workers.store.keys import Partition
from workers.store.replays import Replay


class Orders:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store

    async def count(self, order: ReplayOrder, *, within: float | None = None) -> Estimate:
        """What would be told; changes nothing. `within`: as for `Estimator`, whose `TakesTooLong` it raises then."""
        wanted = wants(self._config.sinks[order.sink].filter)
        estimator = Estimator(order.conditions, wanted, force=order.force, within=within)
        store = self._store
        return await estimate(store.log, store.replays, self._partitions(order), order.sink, estimator)

    async def place(self, order: ReplayOrder) -> Replay | None:
        """The replay as it begins, None when the log holds nothing. Raises `ReplayUnderWay`."""
        id_ = await self._store.replays.order(
            order.sink, self._partitions(order), order.conditions, force=order.force
        )
        return await self.find(order.sink, id_) if id_ else None

    async def of(self, sink: str, *, lines: int | None = None) -> list[Replay]:
        """The newest of each partition, oldest first; `lines`: so many lines of each partition's report, None for all."""
        return await self._store.replays.all(sink, self._all(), lines=lines)

    async def find(self, sink: str, id_: str, *, lines: int | None = None) -> Replay | None:
        """None when it was not ordered, or when newer ones have taken all of its places."""
        return next((replay for replay in await self.of(sink, lines=lines) if replay.id == id_), None)

    async def cancel(self, sink: str, id_: str) -> bool:
        """False when it is not under way."""
        return await self._store.replays.cancel(id_, sink, self._all())

    def _partitions(self, order: ReplayOrder) -> list[Partition]:
        """A record lives in one partition of a tenant."""
        subject, inbox = order.conditions.subject, self._store.inbox
        if subject is not None:
            return [inbox.partition(tenant, subject) for tenant in order.tenants]
        return list(self._of(order.tenants))

    def _all(self) -> list[Partition]:
        return list(self._of(self._config.tenants))

    def _of(self, tenants: Iterable[str]) -> Iterable[Partition]:
        return (partition for tenant in tenants for partition in self._store.inbox.all(tenant))
