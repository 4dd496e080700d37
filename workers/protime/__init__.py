"""A client for the Protime API that stands on its own."""

from workers.protime.assignments import ASSIGNMENT, changed
from workers.protime.auth import ClientCredentials, TokenSource, TokenStore
from workers.protime.bodies import Body, BodyRefused
from workers.protime.body_values import Mistake
from workers.protime.client import Protime
from workers.protime.clockings import CLOCKING
from workers.protime.errors import (
    AuthenticationFailed,
    Conflict,
    Endless,
    Gone,
    Invalid,
    Malformed,
    NotFound,
    PermissionDenied,
    ProtimeError,
    RateLimited,
    Transient,
    Unconfirmed,
    UriTooLong,
)
from workers.protime.external_references import ReferenceRefused
from workers.protime.filter_rules import earliest_delta_start
from workers.protime.filters import FilterError, date_window, field
from workers.protime.links import ForeignLink
from workers.protime.models import CreatedWebhook, DeltaItem, DeltaPage, Page, Resource, Webhook
from workers.protime.own_writes import Write, WriteKind, WriteObserver, WriteOutcome
from workers.protime.pace import Pace
from workers.protime.patience import Patience
from workers.protime.scopes import scopes_for
from workers.protime.transport import RateLimit
from workers.protime.webhooks import KeyMissing
from workers.protime.writing import BODIES

__all__ = [
    "ASSIGNMENT",
    "BODIES",
    "CLOCKING",
    "AuthenticationFailed",
    "Body",
    "BodyRefused",
    "ClientCredentials",
    "Conflict",
    "CreatedWebhook",
    "DeltaItem",
    "DeltaPage",
    "Endless",
    "FilterError",
    "ForeignLink",
    "Gone",
    "Invalid",
    "KeyMissing",
    "Malformed",
    "Mistake",
    "NotFound",
    "Pace",
    "Page",
    "Patience",
    "PermissionDenied",
    "Protime",
    "ProtimeError",
    "RateLimit",
    "RateLimited",
    "ReferenceRefused",
    "Resource",
    "TokenSource",
    "TokenStore",
    "Transient",
    "Unconfirmed",
    "UriTooLong",
    "Webhook",
    "Write",
    "WriteKind",
    "WriteObserver",
    "WriteOutcome",
    "changed",
    "date_window",
    "earliest_delta_start",
    "field",
    "scopes_for",
]
