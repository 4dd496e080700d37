"""A record: what of it may be kept, and the facts that meaning, notice and the event are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from workers.changes.catalog import Collection
from workers.changes.fields import person_of
from workers.changes.model import NormalizeError, TenantView
from workers.changes.times import NO_SPAN, Span, read_span


class Record(msgspec.Struct, frozen=True):
    """`body` is the record as Protime gave it; `person` and `span` are read from it once."""

    body: dict[str, Any]
    person: int | None = None
    span: Span = NO_SPAN

    @property
    def is_rejected(self) -> bool:
        """Of an assignment; older pages do not have the property."""
        return self.body.get("isRejected") is True


def stored_form(collection: str, body: Any, zone: TenantView) -> dict[str, Any]:
    """Reduce a record to what may be stored and sent: of `people` the allowed fields, of all others everything.

    Raises NormalizeError when it is not an object.
    """
    if not isinstance(body, dict):
        raise NormalizeError(f"resource: expected an object, not {type(body).__name__}")
    if collection == "people":
        return {name: value for name, value in body.items() if name in zone.people_fields}
    return body


def read(body: dict[str, Any], collection: Collection) -> Record:
    """Read the facts of a record. Raises NormalizeError."""
    return Record(body, person_of(body), read_span(body, collection.times))


def read_stored(body: dict[str, Any], collection: Collection) -> Record:
    """Like `read`, but never fails: a stored record that another release let in must not block its successors."""
    try:
        return read(body, collection)
    except NormalizeError:
        return Record(body)
