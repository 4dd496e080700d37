"""Redis and its Lua scripts behind small classes. One partition's keys share a hash tag, so one script is one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.store.dead_letters import DeadLetters
from workers.store.deltas import DeltaStates
from workers.store.gate import Gate
from workers.store.inbox import Inbox
from workers.store.ledger import Ledger
from workers.store.log import Log
from workers.store.overview import Overview
from workers.store.scripts import Scripts
from workers.store.subscriptions import Subscriptions
from workers.store.vault import Vault

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from workers.config import Config


class Store:
    """All parts of the store on one connection pool. Opens nothing."""

    def __init__(self, config: Config, redis: Redis) -> None:
        collections = {name: tuple(tenant.collections) for name, tenant in config.tenants.items()}
        waiting = {
            name: {
                collection: settings.fetch == "delta" for collection, settings in tenant.collections.items()
            }
            for name, tenant in config.tenants.items()
        }
        self.redis = redis
        self.scripts = Scripts(redis)
        self.inbox = Inbox(
            self.scripts,
            partitions=config.store.partitions,
            max_backlog=config.store.max_backlog,
            waiting=waiting,
        )
        self.gate = Gate(self.scripts)
        self.ledger = Ledger(self.scripts, self.inbox, collections)
        self.log = Log(redis, self.inbox)
        self.dead_letters = DeadLetters(self.scripts, self.inbox)
        self.deltas = DeltaStates(redis)
        secret = config.secret_key.get_secret_value() if config.secret_key else ""
        self.vault = Vault(secret)
        self.subscriptions = Subscriptions(redis, self.vault)
        self.overview = Overview(
            self.scripts, self.inbox, self.ledger, self.deltas, collections, tuple(config.sinks)
        )
