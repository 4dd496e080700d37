"""Redis and its Lua scripts behind small classes. One partition's keys share a hash tag, so one script is one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.store.dead_letters import DeadLetters
from workers.store.deltas import DeltaStates
from workers.store.event_pages import EventPages
from workers.store.gate import Gate
from workers.store.inbox import Inbox
from workers.store.ledger import Ledger
from workers.store.log import Log
from workers.store.overview import Overview
from workers.store.owed import Owed
from workers.store.replays import Replays
from workers.store.scripts import Scripts
from workers.store.sink_states import SinkStates
from workers.store.stops import Stops
from workers.store.subscriptions import Subscriptions
from workers.store.trips import SharedScripts
from workers.store.vault import Vault

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from workers.config import Config


class Store:
    """All parts of the store on one connection pool. Opens nothing. `share`: many jobs share their round trips."""

    def __init__(self, config: Config, redis: Redis, *, share: bool = False) -> None:
        self.redis = redis
        self.scripts = SharedScripts(redis) if share else Scripts(redis)
        self.inbox = self._inbox(config)
        self.gate = Gate(self.scripts)
        self.log = Log(redis, self.inbox)
        self.pages = EventPages(redis, self.inbox, config.tenants)
        self.dead_letters = DeadLetters(self.scripts, self.inbox)
        self.replays = Replays(self.scripts)
        self.deltas = DeltaStates(self.scripts)
        self.owed = Owed(self.scripts)
        self.stops = Stops(redis)
        self.vault = _vault(config)
        self.subscriptions = Subscriptions(self.scripts, self.vault)
        collections = {name: tuple(tenant.collections) for name, tenant in config.tenants.items()}
        self.ledger = Ledger(self.scripts, self.inbox, collections)
        max_ages = {name: options.retry.max_age_seconds for name, options in config.sinks.items()}
        self.sink_states = SinkStates(self.scripts, self.inbox, tuple(config.tenants), max_ages)
        self.overview = self._overview(config, collections)

    def _inbox(self, config: Config) -> Inbox:
        waiting = {
            name: {collection: how.fetch == "delta" for collection, how in tenant.collections.items()}
            for name, tenant in config.tenants.items()
        }
        limits = {"partitions": config.store.partitions, "max_backlog": config.store.max_backlog}
        return Inbox(self.scripts, **limits, waiting=waiting)

    def _overview(self, config: Config, collections: dict[str, tuple[str, ...]]) -> Overview:
        return Overview(
            self.scripts,
            self.inbox,
            self.ledger,
            self.deltas,
            self.stops,
            collections,
            {name: tenant.delta_life_seconds for name, tenant in config.tenants.items()},
            tuple(config.sinks),
            self.sink_states,
            {n: [c for c, how in t.collections.items() if how.reconciled] for n, t in config.tenants.items()},
        )


def _vault(config: Config) -> Vault:
    previous = [key.get_secret_value() for key in config.previous_secret_keys if key]
    return Vault(config.secret_key.get_secret_value() if config.secret_key else "", previous)
