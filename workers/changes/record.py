"""A record: what of it may be kept, and the facts that meaning, notice and the event are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from workers.changes import people
from workers.changes.catalog import Collection
from workers.changes.fields import person_of
from workers.changes.model import NormalizeError, TenantView
from workers.changes.times import NO_SPAN, Span, read_span


class Record(msgspec.Struct, frozen=True):
    """`body` is the record as Protime gave it; `person` and `span` are read from it once.

    Of `people` it is what may leave, and `traces` is what the state keeps besides.
    """

    body: dict[str, Any]
    person: int | None = None
    span: Span = NO_SPAN
    traces: dict[str, Any] = {}


def stored_form(collection: str, body: Any, zone: TenantView) -> dict[str, Any]:
    """Reduce a record to what may be stored: of `people` the allowed fields and their traces, of all others everything.

    Raises NormalizeError when it is not an object.
    """
    record = _checked(body)
    if collection != "people":
        return record
    traces = people.traces(record, zone.people_fields, zone.fingerprints)
    return {**people.reduced(record, zone.people_fields), people.TRACES: traces}


def reduced_form(body: Any, zone: TenantView) -> bytes:
    """Of a person that was refused, what may be kept to be looked at; empty when nothing can be."""
    try:
        return msgspec.json.encode(people.reduced(_checked(body), zone.people_fields))
    except (ValueError, OverflowError, RecursionError):
        return b""


def read_new(name: str, body: Any, collection: Collection, zone: TenantView) -> Record:
    """Read a record as Protime gave it. Raises NormalizeError."""
    given = _checked(body)
    if name != "people":
        return _read(given, collection)
    traces = people.traces(given, zone.people_fields, zone.fingerprints)
    return _read(people.reduced(given, zone.people_fields), collection, traces)


def read_stored(name: str, body: dict[str, Any], collection: Collection, zone: TenantView) -> Record:
    """Read a record in its stored form; a narrower allow-list than that of its time holds for it too.

    Never fails: a stored record that another release let in must not block its successors.
    """
    traces: dict[str, Any] = {}
    if name == "people":
        kept = body.get(people.TRACES)
        body, traces = people.reduced(body, zone.people_fields), kept if isinstance(kept, dict) else {}
    try:
        return _read(body, collection, traces)
    except NormalizeError:
        return Record(body, traces=traces)


def _read(body: dict[str, Any], collection: Collection, traces: dict[str, Any] | None = None) -> Record:
    return Record(body, person_of(body), read_span(body, collection.times), traces or {})


def _checked(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise NormalizeError(f"resource: expected an object, not {type(body).__name__}")
    return body
