"""Created, updated or deleted: Protime says only `InsertOrUpdate` and `Delete`, the stored state tells the rest.

created   nothing was known of the record, or a tombstone stood in its place (CHOICE-24)
deleted   Protime sent a Delete, or a clocking with `status: Deleted` (protime-api §9.2)
updated   everything else, also when no property differs but the version is newer
"""

from __future__ import annotations

from typing import Any, Literal

from workers.changes.model import Change
from workers.changes.record import Record

Kind = Literal["created", "updated", "deleted"]


def kind_of(change: Change, before: Record | None) -> Kind:
    if change.deleted or _says_deleted(change.collection, change.resource):
        return "deleted"
    return "created" if before is None or was_gone(change, before) else "updated"


def was_gone(change: Change, before: Record | None) -> bool:
    """Tell whether the record counted as deleted before the change."""
    return change.was_deleted or (before is not None and _says_deleted(change.collection, before.body))


def _says_deleted(collection: str, body: dict[str, Any] | None) -> bool:
    return collection == "clockings" and body is not None and body.get("status") == "Deleted"
