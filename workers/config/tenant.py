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

    header: HeaderNames = Field(
        default="X-Protime-Signature", description="the header it stands in; of a list the first present"
    )
    algorithm: Literal["sha256", "sha384", "sha512"] = Field(
        default="sha256", description="the hash function of the HMAC"
    )
    encoding: Literal["base64", "hex"] = Field(default="base64", description="how the header writes it")
    key_encoding: Literal["utf8", "base64"] = Field(
        default="utf8", description="whether the key is its characters, or what they are the base64 of"
    )

    @property
    def headers(self) -> list[str]:
        """The accepted header names, one or more."""
        return [self.header] if isinstance(self.header, str) else list(self.header)


class Reconcile(Section):
    """How often the stored state is compared with a list, and over which days around today."""

    every_seconds: Annotated[float, Field(gt=0)] = Field(default=3600, description="how often")
    days_back: int = Field(default=7, ge=0, le=366, description="days before today")
    days_ahead: int = Field(default=60, ge=0, le=366, description="days after today")


class ManualWebhook(Section):
    """A webhook made by hand at Protime: the last part of its path and its keys, the newest first."""

    token: Annotated[Token, Field(description="the last part of the webhook's path, at least 16 characters")]
    keys: Annotated[
        list[Secret], Field(min_length=1, description="the private keys Protime showed at creation")
    ]


class Collection(Section):
    """`since` bounds dated collections; the others are read whole, whatever it says."""

    since: Day | None = Field(
        default=None,
        description="the first day of a dated collection's delta; needed for those with fetch: delta",
    )
    fetch: FetchMode = Field(
        default="delta",
        description="what a notification leads to: a pull of the delta, a request for the record, or (payload) nothing "
        "more than what was signed",
    )
    external_references: dict[str, Names] = Field(
        default_factory=dict,
        description='names by which records refer to others, such as people: "@employee-number"',
    )
    # A delta dies 72 hours after its last request (protime-api §6.1); a day leaves room for an outage.
    poll_seconds: Annotated[float, Field(gt=0, le=86400)] = Field(
        default=60, description="how often the delta is pulled without a notification"
    )
    reconcile: Reconcile | None = Field(
        default=None,
        description="compare what is stored with a list, regularly; left out: with fetch: resource only",
    )
    webhook: ManualWebhook | None = Field(
        default=None, description="the webhook made by hand, with subscriptions.manage: false"
    )
    people_fields: list[PersonField] | None = Field(
        default=None,
        description="of people only: the properties that are kept and sent; left out: the employee number and the dates of service",
    )

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
    auth_url: HostUrl = Field(
        default="https://authentication.myprotime.eu", description="host that gives tokens"
    )
    client_id: str = Field(min_length=1, description="the client id that Protime issued")
    client_secret: Secret = Field(description="the client secret that Protime issued")
    user_agent: UserAgent = Field(
        description="the name Protime knows this service by, such as ScheduleSync/v1 (Acme Corp)"
    )
    timezone: TimeZone = Field(default="Europe/Brussels", description="the zone of its wall clocks")
    short_notice_hours: int = Field(
        default=168,
        ge=0,
        description="a change that is known less than so long before the work is short notice",
    )
    signature: Signature = Field(default=Signature(), description="how Protime signs a notification")
    collections: dict[CollectionName, Collection] = Field(
        min_length=1, description="the collections to read, such as assignments: { since: 2026-01-01 }"
    )
    requests_per_minute: int = Field(
        default=600,
        gt=0,
        description="requests of all processes together that Protime's API gets in a minute",
    )
    delta_life_seconds: Annotated[float, Field(gt=0)] = Field(
        default=259200,
        description="how long Protime keeps a delta that nobody asks for; one that is gone sooner was taken over",
    )
    # Undocumented (protime-api §8.2).
    webhook_key_names: list[Annotated[str, Field(min_length=1)]] = Field(
        default=["key", "privateKey", "webhookKey", "privateWebhookKey", "privateWebHookKey", "secret"],
        min_length=1,
        description="the property of a new webhook that holds its key; the first present counts",
    )

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the tenant's wall-clock times."""
        return ZoneInfo(self.timezone)
