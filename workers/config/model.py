"""The whole configuration, key by key as a user writes it (design §7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from workers.config.section import Section
from workers.config.sink_choice import SinkConfig
from workers.config.tenant import Tenant
from workers.config.values import (
    AdminToken,
    PublicUrl,
    RedisUrl,
    SecretKey,
    SinkName,
    TenantName,
)


class Store(Section):
    """An empty `url` means an embedded Redis with its files in `data_dir`."""

    url: RedisUrl = Field(default="", repr=False)
    allow_volatile: bool = False
    data_dir: str = Field(default="./shiftwire-data", min_length=1)
    partitions: Annotated[int, Field(ge=1, le=64)] = 8
    max_backlog: Annotated[int, Field(ge=1)] = 200_000


class Server(Section):
    host: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104 - a receiver is there to be reached
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    max_body_bytes: Annotated[int, Field(ge=1)] = 1_048_576
    #: Of all bodies that are under way in one process. Three of the largest fit in any case.
    max_bodies_bytes: Annotated[int, Field(ge=1)] = 67_108_864


class AdminTokens(Section):
    """Bearer tokens of the two roles; an empty one counts as none."""

    operator: AdminToken = None
    viewer: AdminToken = None


class Subscriptions(Section):
    """`renew_at` is the part of a webhook's validity after which it is replaced."""

    manage: bool = True
    check_seconds: Annotated[float, Field(gt=0)] = 300
    renew_at: Annotated[float, Field(ge=0.1, le=0.95)] = 0.8


class Retention(Section):
    events_days: Annotated[int, Field(ge=1)] = 30
    raw_days: Annotated[int, Field(ge=1)] = 7
    dead_letters_days: Annotated[int, Field(ge=1)] = 90
    own_writes_hours: Annotated[int, Field(ge=1)] = 24


class Config(Section):
    public_url: PublicUrl = ""
    secret_key: SecretKey = None
    #: What these have encrypted can still be read, and is encrypted anew with `secret_key`. Empty ones count as none.
    previous_secret_keys: list[SecretKey] = Field(default_factory=list)
    store: Store = Store()
    server: Server = Server()
    admin_tokens: AdminTokens = AdminTokens()
    tenants: dict[TenantName, Tenant] = Field(
        min_length=1, description="at least one Protime tenant, by the name of its subdomain"
    )
    sinks: dict[SinkName, SinkConfig] = Field(default_factory=dict)
    subscriptions: Subscriptions = Subscriptions()
    retention: Retention = Retention()

    @field_validator("tenants")
    @classmethod
    def _default_base_url(cls, tenants: dict[str, Tenant]) -> dict[str, Tenant]:
        return {
            name: tenant.model_copy(update={"base_url": tenant.base_url or f"https://{name}.myprotime.eu"})
            for name, tenant in tenants.items()
        }
