"""One change to one event: the only place where an event is written.

Person, start and end of a deletion without a record are those of the last known record, so that a subscriber learns
whose shift went away. `changes` is empty for `created` and for such a deletion: the whole record stands beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from workers.changes import meaning, people
from workers.changes.catalog import Collection, known_collection
from workers.changes.diff import diff
from workers.changes.envelope import CloudEvent, Data, FieldChange, Notice, Person
from workers.changes.kind import Kind, kind_of, was_gone
from workers.changes.model import Change, NormalizeError, Rendered, TenantView
from workers.changes.notice import notice
from workers.changes.record import Record, read_new, read_stored
from workers.changes.rules import Update
from workers.changes.times import bounds

# Real records have 4 levels. What was let in here must also be readable by those who come to it on a deeper stack.
MAX_DEPTH = 100

_encode = msgspec.json.Encoder().encode


def normalize(change: Change, zone: TenantView) -> Rendered:
    """Write the event of a change; the same change gives the same bytes.

    Raises NormalizeError when the record cannot be read.
    """
    known = known_collection(change.collection)
    try:
        data = _data(change, zone, known)
        event = _event(change, known, data)
        written = _encode(event)
        _refuse_depth(data.resource, written)
        return Rendered(event.id, written, data.change)
    except NormalizeError:
        raise
    except (ValueError, OverflowError):  # lone surrogates, integers of thousands of digits
        raise NormalizeError("resource: expected values that can be written as JSON in UTF-8") from None
    except RecursionError:
        raise NormalizeError(f"resource: expected JSON of at most {MAX_DEPTH} levels") from None


def _event(change: Change, known: Collection, data: Data) -> CloudEvent:
    subject = f"{change.collection}/{change.id}"
    return CloudEvent(
        specversion="1.0",
        id=f"{change.tenant}/{subject}/{change.version}",
        source=f"/protime/{change.tenant}/{change.collection}",
        type=f"eu.myprotime.{known.singular}.{data.change}.v1",
        subject=subject,
        time=_utc(change.learned_at),
        datacontenttype="application/json",
        dataschema=f"/schemas/{known.singular}.v1.json",
        sequence=change.version,
        partitionkey=subject,
        origin=change.origin,  # type: ignore[arg-type]  # the callers' word; the schema lists them
        data=data,
    )


def _refuse_depth(resource: Any, written: bytes) -> None:
    brackets = written.count(b"{") + written.count(b"[")  # much quicker than a walk, and nearly always enough
    if brackets > MAX_DEPTH and _deeper_than(MAX_DEPTH, resource):
        raise NormalizeError(f"resource: expected JSON of at most {MAX_DEPTH} levels")


def _deeper_than(levels: int, value: Any) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(levels - 1, item) for item in inner)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _data(change: Change, zone: TenantView, known: Collection) -> Data:
    after, before = _records(change, zone, known)
    kind = kind_of(change, before)
    again = kind == "deleted" and was_gone(change, before)
    if kind == "created":
        before = None
    changes = diff(before.body, people.comparable(after.body, before.traces)) if before and after else []
    told = _told(kind, before, after)
    start, end = bounds(told.span, zone.timezone)
    return Data(
        tenant=change.tenant,
        collection=change.collection,
        id=change.id,
        change=kind,
        meaning=[] if again else _meaning(change.collection, kind, before, after, changes),
        person=_person(change, told),
        start=None if start is None else start.isoformat(),
        end=None if end is None else end.isoformat(),
        notice=_notice(change, zone, start, before),
        changes=changes,
        resource=None if after is None else after.body,
        previous=None if before is None else before.body,
    )


def _records(change: Change, zone: TenantView, known: Collection) -> tuple[Record | None, Record | None]:
    """After and before, with what may leave."""
    after = before = None
    if not change.deleted:
        after = read_new(change.collection, change.resource, known, zone)
    if isinstance(change.previous, dict):
        before = read_stored(change.collection, change.previous, known, zone)
    return after, before


def _told(kind: Kind, before: Record | None, after: Record | None) -> Record:
    """Whose work at what time: the new record says it, of a deletion that names nobody the last known one."""
    if after is None or (kind == "deleted" and after.person is None and before is not None):
        return before or Record({})
    return after


def _meaning(
    name: str, kind: Kind, before: Record | None, after: Record | None, changes: list[FieldChange]
) -> list[str]:
    if after is None or kind == "deleted":
        return meaning.deleted(name, before)
    if before is None:
        return meaning.created(name, after)
    paths = frozenset([change.path for change in changes])
    return meaning.updated(name, Update(before, after, paths))


def _person(change: Change, told: Record) -> Person | None:
    number = change.id if change.collection == "people" else told.person
    return None if number is None else Person(number)


def _notice(change: Change, zone: TenantView, start: datetime | None, before: Record | None) -> Notice | None:
    if change.collection != "assignments":
        return None
    old = bounds(before.span, zone.timezone)[0] if before else None
    return notice(change.learned_at, start, old, short_notice_hours=zone.short_notice_hours)
