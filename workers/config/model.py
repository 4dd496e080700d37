"""The whole configuration, key by key as a user writes it (design §7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from workers.config.section import Section
from workers.config.sink_choice import SinkConfig
from workers.config.tenant import Tenant
from workers.config.values import (
    OptionalSecret,
    PublicUrl,
    RedisUrl,
    SecretKey,
    SinkName,
    TenantName,
)


class Store(Section):
    """An empty `url` means an embedded Redis with its files in `data_dir`.

    `partitions` stays what it was when the store was begun: another number is refused.
    """

    url: RedisUrl = Field(
        default="",
        repr=False,
        description="Redis with appendonly yes, appendfsync always and noeviction, such as redis://:password@host:6379/0 "
        "(rediss:// with TLS, unix:// a socket); empty: the embedded Redis of `shiftwire run`",
    )
    allow_volatile: bool = Field(
        default=False, description="take a store that may forget or evict: accepted changes can then be lost"
    )
    data_dir: str = Field(
        default="./shiftwire-data", min_length=1, description="the folder of the embedded Redis"
    )
    partitions: int = Field(
        default=8,
        ge=1,
        le=64,
        description="slices of a tenant that are worked on side by side; never change it later: records would be looked for in others",
    )
    max_backlog: int = Field(
        default=200_000,
        ge=1,
        description="notifications that may wait in one inbox of a partition; beyond it the answer is 503",
    )


class Server(Section):
    host: str = Field(
        default="0.0.0.0",  # noqa: S104 - a receiver is there to be reached
        min_length=1,
        description="the address that `serve` listens on",
    )
    port: int = Field(
        default=8080, ge=0, le=65535, description="the port that `serve` listens on; 0: any that is free"
    )
    max_body_bytes: int = Field(
        default=1_048_576, ge=1, description="the largest notification; a larger one is answered 413"
    )
    max_bodies_bytes: int = Field(
        default=67_108_864,
        ge=1,
        description="all bodies under way in one process together; beyond it 503. Three of the largest fit in any case",
    )


class AdminTokens(Section):
    """Bearer tokens of the two roles; an empty one counts as none."""

    operator: OptionalSecret = Field(
        default=None, description="bearer token of those who may act, at least 16 characters; empty: none"
    )
    viewer: OptionalSecret = Field(
        default=None,
        description="bearer token of those who may read, at least 16 characters and another one; empty: none",
    )


class Subscriptions(Section):
    """`renew_at` is the part of a webhook's validity after which it is replaced."""

    manage: bool = Field(
        default=True,
        description="make, renew and remove the webhooks at Protime; false: they are made by hand and named under `webhook`",
    )
    check_seconds: Annotated[float, Field(gt=0)] = Field(
        default=300, description="how often they are compared with what Protime has"
    )
    renew_at: Annotated[float, Field(ge=0.1, le=0.95)] = Field(
        default=0.8, description="the part of a webhook's validity after which it is replaced"
    )


class Retention(Section):
    events_days: int = Field(
        default=30, ge=1, description="events in the log, and what became of them at each sink"
    )
    raw_days: int = Field(
        default=7, ge=1, description="which notification led to which decision, as `events show` tells"
    )
    dead_letters_days: int = Field(default=90, ge=1, description="dead letters that nobody handed back")
    own_writes_hours: int = Field(
        default=24, ge=1, description="what our own writes sent, to recognize their events by"
    )


class Config(Section):
    public_url: PublicUrl = Field(
        default="",
        description="the https address at which Protime reaches us; needed unless subscriptions.manage is false",
    )
    secret_key: SecretKey = Field(
        default=None,
        description="encrypts webhook keys in the store, at least 32 characters; needed unless subscriptions.manage is false",
    )
    previous_secret_keys: list[SecretKey] = Field(
        default_factory=list,
        description="keys before secret_key: what they have encrypted is read, and encrypted anew; empty ones count as none",
    )
    store: Store = Field(default=Store(), description="where everything lies: Redis")
    server: Server = Field(default=Server(), description="the web process")
    admin_tokens: AdminTokens = Field(
        default=AdminTokens(),
        description="who may use /events and /admin; without any token the machine itself only",
    )
    tenants: dict[TenantName, Tenant] = Field(
        min_length=1, description="at least one Protime tenant, by the name of its subdomain"
    )
    sinks: dict[SinkName, SinkConfig] = Field(
        default_factory=dict, description="where events go, by a name of your choice"
    )
    subscriptions: Subscriptions = Field(default=Subscriptions(), description="the webhooks at Protime")
    retention: Retention = Field(default=Retention(), description="how long things are kept")

    @field_validator("tenants")
    @classmethod
    def _default_base_url(cls, tenants: dict[str, Tenant]) -> dict[str, Tenant]:
        return {
            name: tenant.model_copy(update={"base_url": tenant.base_url or f"https://{name}.myprotime.eu"})
            for name, tenant in tenants.items()
        }
