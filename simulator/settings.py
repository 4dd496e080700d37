"""Every switch of the simulated tenant. CHOICE-nn points into the notes on the Protime API.

The classes stand one on another only to group the switches: the first line of a docstring is the group's title.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

DAY = 86_400.0
RETRY_TABLE = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)


Count = Annotated[int, Meta(ge=0)]
Many = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
Chance = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(gt=0)]
Status = Annotated[int, Meta(ge=0, le=599)]
Text = Annotated[str, Meta(min_length=1)]
Waits = Annotated[list[Seconds], Meta(min_length=1)]


def about(meaning: str) -> Meta:
    """What a switch means, for those who read this and for the control page."""
    return Meta(description=meaning)


class TenantData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The tenant and its data (all but the name act when the data is made: at the start and at a reset)."""

    tenant: Annotated[Text, about("its name, in the path of the token endpoint")] = "acme"
    seed: Annotated[int, about("the same seed makes the same data, ids and keys")] = 1
    people: Annotated[Count, about("how many people there are")] = 50
    timezone: Annotated[str, about("of the offset in validUntil")] = "Europe/Brussels"
    seeded_days: Annotated[Count, about("days up to today that have absences, breaks, access …")] = 7
    seeded_planning: Annotated[
        bool, about("and assignments, clockings and what follows; off: these are empty")
    ] = False


class Time(TenantData, kw_only=True):
    """The passing of time."""

    time_factor: Annotated[Factor, about("spans pass so much faster; 259200: 72 hours in a second")] = 1.0
    tokens_follow_time: Annotated[bool, about("access tokens too; off: they live in real time")] = False


class Authentication(Time, kw_only=True):
    """Authentication."""

    client_id: Annotated[str, about("the one client")] = "shiftwire"
    client_secret: Annotated[str, about("its secret, which guards nothing")] = "simulated-secret"  # noqa: S105
    scopes: Annotated[list[str] | None, about("what the client may ask for; empty: everything")] = None
    token_life_seconds: Annotated[Seconds, about("life of an access token")] = 1800.0
    token_status: Annotated[Status, about("not 0: what the token endpoint answers with")] = 0
    missing_scope_status: Annotated[
        Literal[401, 403], about("for a valid token without the scope: the pages disagree")
    ] = 403


class Requests(Authentication, kw_only=True):
    """Requests."""

    require_user_agent: Annotated[bool, about("400 without a User-Agent (CHOICE-01)")] = True
    max_uri_length: Annotated[Many, about("characters; longer is 414")] = 4096
    rate_limit_per_minute: Annotated[
        Count, about("calls of a client in a real minute, then 429; 0: off (CHOICE-14)")
    ] = 600
    rate_limit_window_seconds: Annotated[
        Factor, Meta(description="how long that minute is; shorter, and Retry-After is shorter too")
    ] = 60.0
    planning_flex: Annotated[
        Literal["off", "writes", "all"], about("Planning Flex or Shift: 403 on assignments")
    ] = "off"
    put_clears_omitted: Annotated[bool, about("PUT clears what the body omits (CHOICE-15)")] = True
    put_returns_body: Annotated[bool, about("PUT answers with the resource")] = False
    data_entry_code: Annotated[
        Literal["required", "automatic", "optional"],
        about("of an activity definition: 400 without it, made when it is missing, or neither"),
    ] = "required"


class Faults(Requests, kw_only=True):
    """Faults of the API."""

    unavailable: Annotated[bool, about("the maintenance window: 503")] = False
    retry_after_seconds: Annotated[Count, about("sent with 503")] = 60
    error_rate: Annotated[Chance, about("probability of a 500")] = 0.0
    error_burst: Annotated[Count, about("so many calls from now on answer 500")] = 0
    broken_record: Annotated[
        Count, about("the record with this id, whatever its collection, answers 500 to a GET; 0: none")
    ] = 0
    slow_seconds: Annotated[Seconds, about("every answer takes so long")] = 0.0
    html_errors: Annotated[bool, about("500 and 503 as a gateway's page")] = False


class Lists(Faults, kw_only=True):
    """Lists."""

    page_size: Annotated[Many, about("records on a page (CHOICE-08)")] = 100
    empty_pages: Annotated[Count, about("empty pages between two pages with records")] = 0
    continuation_life_seconds: Annotated[Seconds, about("life of a paging token, then 409 (CHOICE-09)")] = (
        900.0
    )
    continuation_padding: Annotated[Count, about("characters added to a paging token: leads to 414")] = 0
    max_range_days: Annotated[Many, about("the longest range of a date filter (CHOICE-07)")] = 366


class DeltaSwitches(Lists, kw_only=True):
    """Delta."""

    delta_life_seconds: Annotated[Seconds, about("life of an unused delta, then 410")] = 3 * DAY
    delta_time_factor: Annotated[Factor, about("on top of time_factor, for deltas alone")] = 1.0
    delta_per: Annotated[Literal["tenant", "client"], about("whose delta is the one that is active")] = (
        "tenant"
    )
    second_delta: Annotated[
        Literal["supersede", "conflict"], about("the start of another one (CHOICE-20)")
    ] = "supersede"
    delta_conflict_burst: Annotated[Count, about("so many pulls from now on answer 409")] = 0
    delta_empty_last_page: Annotated[bool, about("the deltaLink comes on an empty page")] = True


class WebhookSwitches(DeltaSwitches, kw_only=True):
    """Webhooks."""

    webhook_key_property: Annotated[Text, about("name of the key in the answer (CHOICE-25)")] = "key"
    webhook_validity_seconds: Annotated[Seconds, about("from creation to validUntil (CHOICE-37)")] = 30 * DAY
    webhook_scopes: Annotated[
        Literal["both", "webhooks", "collection"],
        about("needed: webhooks.write, <collection>.read, or both (CHOICE-03)"),
    ] = "both"
    webhook_first_status: Annotated[Text, about("of a new webhook that does not deliver yet")] = (
        "Uninitialized"
    )
    webhook_enabled_after_seconds: Annotated[
        Seconds, about("so long a new webhook has that status, and delivers nothing")
    ] = 0.0
    webhook_creation_error: Annotated[Status, about("not 0: what a creation answers with")] = 0
    webhook_creation_error_of: Annotated[
        list[str] | None, about("a creation for one of these collections; empty: for any")
    ] = None
    webhook_creation_lost: Annotated[
        bool, about("with that error the webhook is made all the same: only its answer is lost")
    ] = False
    webhook_deletion_error: Annotated[
        Status, about("not 0: what a deletion answers with, and nothing is deleted")
    ] = 0
    webhook_delete_status: Annotated[Literal[200, 204], about("CHOICE-29")] = 204
    envelope: Annotated[Literal["object", "array", "value"], about("shape of a payload (CHOICE-32)")] = (
        "object"
    )
    signature_header: Annotated[Text, about("CHOICE-33, and the four below")] = "X-Protime-Signature"
    signature_algorithm: Annotated[
        Literal["sha1", "sha256", "sha384", "sha512"], about("hash of the HMAC")
    ] = "sha256"
    signature_encoding: Annotated[Literal["base64", "hex"], about("of the signature")] = "base64"
    signature_prefix: Annotated[str, about("before the signature, such as sha256=")] = ""
    signature_key_encoding: Annotated[
        Literal["utf-8", "base64"], about("how the key's text becomes bytes")
    ] = "utf-8"


class DeliverySwitches(WebhookSwitches, kw_only=True):
    """Delivery."""

    delivery_timeout_seconds: Annotated[
        Factor, about("real seconds that a destination has to answer (CHOICE-34)")
    ] = 10.0
    delivery_concurrency: Annotated[
        Many, about("posts at a time to a webhook, taken when it starts to deliver")
    ] = 32
    delivery_seed: Annotated[int, about("of the chances below; a change starts them anew")] = 1
    retry_seconds: Annotated[Waits, about("before each try; after the last: Disabled (CHOICE-35)")] = (
        msgspec.field(default_factory=lambda: list(RETRY_TABLE))
    )
    retry_time_factor: Annotated[Factor, about("on top of time_factor, for retries alone")] = 1.0
    duplicate_probability: Annotated[Chance, about("an event is sent twice")] = 0.0
    drop_probability: Annotated[Chance, about("an event is never sent")] = 0.0
    reorder_probability: Annotated[Chance, about("an event is late")] = 0.0
    reorder_seconds: Annotated[Seconds, about("by up to so many real seconds")] = 0.5
    delete_first_probability: Annotated[
        Chance, about("an event waits for the Delete of its record, and comes after it")
    ] = 0.0
    delete_first_seconds: Annotated[Seconds, about("for at most so many real seconds")] = 5.0
    burst_seconds: Annotated[
        Seconds, about("events are held, and leave together every so many real seconds; 0: off")
    ] = 0.0
    bad_signature_probability: Annotated[Chance, about("an attempt has a wrong signature")] = 0.0
    event_history: Annotated[Count, about("events of a new webhook kept for the debugging endpoints")] = 1000


class Settings(DeliverySwitches, kw_only=True):
    """The tenant's own behaviour."""

    recalculation: Annotated[bool, about("a clocking changes totals, presences and counters")] = True
    clocking_removal: Annotated[
        Literal["status", "delete"], about("what a removed clocking leaves: a status, or a Delete")
    ] = "status"
    overnight: Annotated[bool, about("evening clockings move to the next day")] = False
