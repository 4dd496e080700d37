"""A keeper of subscriptions with a real Redis, and what became of the subscriptions at the simulator."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from tests.workers.tenants import Tenant
from workers.config import Config, parse
from workers.protime import Webhook
from workers.refusals import Refusals
from workers.store.leases import Leases
from workers.store.scripts import Scripts
from workers.store.stops import Stops
from workers.store.subscriptions import Subscription, Subscriptions
from workers.store.vault import Vault
from workers.subscriptions import SubscriptionKeeper

PUBLIC = "https://hooks.example.com"
KEY = "a secret key that is long enough for the rule"


def config(public_url: str, references: dict[str, Any], subscriptions: dict[str, Any]) -> Config:
    collection = {"since": "2026-01-01", "external_references": references}
    return parse(
        {
            "public_url": public_url,
            "secret_key": KEY,
            "tenants": {
                "acme": {
                    "client_id": "shiftwire",
                    "client_secret": "simulated-secret",
                    "user_agent": "Tests/v1 (Shiftwire)",
                    "collections": {"assignments": collection, "clockings": collection},
                }
            },
            "subscriptions": subscriptions,
        }
    )


class Killed(Exception):
    """The process ended here."""


class House:
    """Another one on the same Redis is another process, or the same one with another configuration."""

    def __init__(
        self,
        redis: Redis,
        tenant: Tenant,
        *,
        vault: Vault | None = None,
        public_url: str = PUBLIC,
        references: dict[str, Any] | None = None,
        **subscriptions: Any,
    ) -> None:
        self.tenant = tenant
        self.created: list[tuple[str, str]] = []
        self.gaps: list[bool] = []
        self.dies = False  # before it tells of a new webhook
        self.stops = Stops(redis)
        self.stored = Subscriptions(Scripts(redis), vault or Vault(KEY))
        self.keeper = SubscriptionKeeper(
            config(public_url, references or {}, subscriptions),
            self.stored,
            Leases(Scripts(redis)),
            Refusals(self.stops),
            lambda _: tenant.client,
            self._created,
        )

    async def _created(self, tenant: str, collection: str, gap: bool) -> None:
        if self.dies:
            raise Killed
        self.created.append((tenant, collection))
        self.gaps.append(gap)

    async def check(self, *, again: bool = False) -> None:
        await self.keeper.check("acme", again=again)

    async def webhooks(self) -> tuple[Webhook, ...]:
        return await self.tenant.client.list_webhooks()

    async def at_protime(self) -> dict[str, str]:
        """Webhook id → collection."""
        return {w.id: w.collection_name for w in await self.webhooks()}

    async def records(self) -> list[Subscription]:
        return await self.stored.all("acme")

    async def creations(self) -> int:
        """How often Protime was asked for a webhook."""
        return await self.tenant.calls("POST /webhooks")
