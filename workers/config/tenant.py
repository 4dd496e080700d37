"""One Protime tenant and the collections read from it."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from workers.changes import PEOPLE_FIELDS
from workers.changes.people import allowed
from workers.config.section import Section
from workers.config.values import (
    CollectionName,
    Day,
    HeaderNames,
    HostUrl,
    Names,
    PersonField,
    Secret,
    TimeZone,
    Token,
    UserAgent,
)

FetchMode = Literal["delta", "resource", "payload"]


class Signature(Section):
    """How Protime signs a notification; the documentation leaves all of it open (protime-api §8.6)."""

    header: HeaderNames = "X-Protime-Signature"
    algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["base64", "hex"] = "base64"
    key_encoding: Literal["utf8", "base64"] = "utf8"

    @property
    def headers(self) -> list[str]:
        """The accepted header names, one or more."""
        return [self.header] if isinstance(self.header, str) else list(self.header)


class Reconcile(Section):
    """How often the stored state is compared with a list, and over which days around today."""

    every_seconds: Annotated[float, Field(gt=0)] = 3600
    days_back: Annotated[int, Field(ge=0, le=366)] = 7
    days_ahead: Annotated[int, Field(ge=0, le=366)] = 60


class ManualWebhook(Section):
    """A webhook made by hand at Protime: the last part of its path and its keys, the newest first."""

    token: Annotated[Token, Field(description="the last part of the webhook's path, at least 16 characters")]
    keys: Annotated[
        list[Secret], Field(min_length=1, description="the private keys Protime showed at creation")
    ]


class Collection(Section):
    """`since` bounds dated collections; the others are read whole, whatever it says."""

    since: Day | None = None
    fetch: FetchMode = "delta"
    external_references: dict[str, Names] = Field(default_factory=dict)
    # A delta dies 72 hours after its last request (protime-api §6.1); a day leaves room for an outage.
    poll_seconds: Annotated[float, Field(gt=0, le=86400)] = 60
    reconcile: Reconcile | None = None
    webhook: ManualWebhook | None = None
    # Of `people` only: what else Protime tells of a person is neither sent nor stored.
    people_fields: list[PersonField] | None = None

    @property
    def allowed_people_fields(self) -> frozenset[str]:
        """The properties of a person that may leave."""
        return PEOPLE_FIELDS if self.people_fields is None else allowed(self.people_fields)

    @property
    def reconciled(self) -> Reconcile | None:
        """Without a delta nothing else finds a change whose webhook got lost: such a collection is always reconciled."""
        return self.reconcile or (Reconcile() if self.fetch == "resource" else None)

    @property
    def reference_pairs(self) -> list[tuple[str, str]]:
        """(collection, reference name) in the order written, for the `externalReferences` parameter."""
        named = {
            key: [names] if isinstance(names, str) else names
            for key, names in self.external_references.items()
        }
        return [(key, name) for key, names in named.items() for name in names]


class Tenant(Section):
    base_url: HostUrl = Field(
        default="", description="host of the API; default https://<tenant>.myprotime.eu"
    )
    auth_url: HostUrl = "https://authentication.myprotime.eu"
    client_id: str = Field(min_length=1, description="the client id that Protime issued")
    client_secret: Secret = Field(description="the client secret that Protime issued")
    user_agent: UserAgent = Field(
        description="the name Protime knows this service by, such as ScheduleSync/v1 (Acme Corp)"
    )
    timezone: TimeZone = "Europe/Brussels"
    short_notice_hours: Annotated[int, Field(ge=0)] = 168
    signature: Signature = Signature()
    collections: dict[CollectionName, Collection] = Field(
        min_length=1, description="the collections to read, such as assignments: { since: 2026-01-01 }"
    )
    requests_per_minute: Annotated[int, Field(gt=0)] = 600
    # How long Protime keeps a delta that nobody asks for (protime-api §6.1); one that is gone sooner was taken over.
    delta_life_seconds: Annotated[float, Field(gt=0)] = 259200
    # The property that holds the key of a new webhook is undocumented (protime-api §8.2): the first present counts.
    webhook_key_names: list[Annotated[str, Field(min_length=1)]] = Field(
        default=["key", "privateKey", "webhookKey", "privateWebhookKey", "privateWebHookKey", "secret"],
        min_length=1,
    )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the tenant's wall-clock times."""
        return ZoneInfo(self.timezone)
