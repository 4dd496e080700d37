"""Every switch of the simulated tenant. Names of the kind CHOICE-nn point into the notes on the Protime API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

DAY = 86_400.0
RETRY_TABLE = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Durations are seconds, probabilities 0…1. Everything may be changed while the simulator runs."""

    # The tenant and its data; but for the name these act when the data is made, at the start only.
    tenant: str = "acme"
    seed: int = 1
    people: int = 50
    timezone: str = "Europe/Brussels"

    # Authentication
    client_id: str = "shiftwire"
    client_secret: str = "simulated-secret"  # noqa: S105 - the stand-in guards nothing
    scopes: list[str] | None = None  # what a client may ask for; null: everything
    token_life_seconds: float = 1800.0
    token_status: int = 0  # not 0: the token endpoint answers with this status

    # Requests
    require_user_agent: bool = True  # CHOICE-01
    max_uri_length: int = 4096
    rate_limit_per_minute: int = 600  # CHOICE-14; 0: off
    planning_flex: Literal["off", "writes", "all"] = "off"
    put_clears_omitted: bool = True  # CHOICE-15
    put_returns_body: bool = False

    # Faults of the API
    unavailable: bool = False  # the maintenance window: 503
    retry_after_seconds: int = 60  # sent with 503
    error_rate: float = 0.0  # probability of a 500
    error_burst: int = 0  # so many calls from now on answer 500
    slow_seconds: float = 0.0
    html_errors: bool = False  # 500 and 503 as a gateway's page

    # Lists
    page_size: int = 100  # CHOICE-08
    empty_pages: int = 0  # empty pages between two pages with records
    continuation_life_seconds: float = 900.0  # CHOICE-09
    continuation_padding: int = 0  # characters added to the token: leads to 414
    max_range_days: int = 366  # CHOICE-07

    # Delta
    delta_life_seconds: float = 3 * DAY
    delta_time_factor: float = 1.0  # 3600: an hour passes in a second
    delta_per: Literal["tenant", "client"] = "tenant"
    second_delta: Literal["supersede", "conflict"] = "supersede"  # CHOICE-20
    delta_empty_last_page: bool = True

    # Webhooks
    webhook_key_property: str = "key"  # CHOICE-25
    webhook_validity_seconds: float = 30 * DAY  # CHOICE-37
    webhook_scopes: Literal["both", "webhooks", "collection"] = "both"  # CHOICE-03
    webhook_delete_status: Literal[200, 204] = 204  # CHOICE-29
    envelope: Literal["object", "array", "value"] = "object"  # CHOICE-32
    signature_header: str = "X-Protime-Signature"  # CHOICE-33 and the four below
    signature_algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = "sha256"
    signature_encoding: Literal["base64", "hex"] = "base64"
    signature_prefix: str = ""
    signature_key_encoding: Literal["utf-8", "base64"] = "utf-8"

    # Delivery
    delivery_timeout_seconds: float = 10.0  # CHOICE-34
    delivery_concurrency: int = 32  # for each webhook, taken when it starts to deliver
    delivery_seed: int = 1
    retry_seconds: list[float] = msgspec.field(default_factory=lambda: list(RETRY_TABLE))  # CHOICE-35
    retry_time_factor: float = 1.0
    duplicate_probability: float = 0.0
    drop_probability: float = 0.0
    reorder_probability: float = 0.0
    reorder_seconds: float = 0.5  # a reordered delivery waits up to this long
    bad_signature_probability: float = 0.0
    event_history: int = 1000  # kept for the debugging endpoints, for each webhook

    # The tenant's own behaviour
    recalculation: bool = True
    clocking_removal: Literal["status", "delete"] = "status"
    overnight: bool = False  # evening clockings move to the next day


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return a copy with `changes`. Raises msgspec.ValidationError for an unknown name or a wrong type."""
    return msgspec.convert({**msgspec.structs.asdict(settings), **changes}, Settings)


def apply(settings: Settings, changes: Mapping[str, Any]) -> None:
    """Change the live settings in place: all of `changes`, or nothing when one of them is wrong."""
    new = changed(settings, changes)
    for name in changes:
        setattr(settings, name, getattr(new, name))
