"""What goes into normalization, what comes out, and the one way in which it fails."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from workers.changes.fingerprints import Fingerprints
from workers.changes.people import PEOPLE_FIELDS


class NormalizeError(ValueError):
    """A record that cannot be read: the change is to be rejected with this text as the reason.

    The text names the field, what it was and what is expected. It shows no other value of the record, and none at all
    of a `people` record.
    """


class Change(msgspec.Struct, frozen=True):
    """One change that is about to pass the gate.

    `resource` is the record as Protime gave it, None for a Delete (which carries only id and version). `previous` is
    the last known record. `was_deleted`: a tombstone stood in its place. `learned_at` is aware.
    """

    tenant: str
    collection: str
    id: int
    version: str
    deleted: bool
    resource: dict[str, Any] | None
    previous: dict[str, Any] | None
    was_deleted: bool
    origin: str
    learned_at: datetime


class TenantView(msgspec.Struct, frozen=True):
    """What normalization needs to know of a tenant; `people_fields` are the top-level names that may leave.

    Without `fingerprints`, changes of other fields of a person are not told.
    """

    timezone: ZoneInfo
    short_notice_hours: int
    people_fields: frozenset[str] = PEOPLE_FIELDS
    fingerprints: Fingerprints | None = None


class Rendered(msgspec.Struct, frozen=True):
    """The event: its id, its bytes (a structured CloudEvent), and `created`, `updated` or `deleted`."""

    id: str
    json: bytes
    change: str
