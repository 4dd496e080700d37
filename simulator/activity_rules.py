"""The rules of activity definitions across records: parents, and codes that are unique in a structure and level."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.collections.row import Record
from simulator.errors import malformed, refused
from simulator.settings import Settings
from simulator.store import Id, Store

COLLECTION = "activity-definitions"
LONGEST_CODE = 16


def check_parent(record: Record, store: Store) -> None:
    """Raises ApiError 400 unless the parent is one level up in the same structure (a choice)."""
    if "parent" not in record:
        return
    entry = store.get(COLLECTION, record["parent"]["id"])
    parent = entry.record if entry is not None else None
    place = (record["structureVersion"], record["level"] - 1)
    if parent is None or (parent["structureVersion"], parent["level"]) != place:
        raise refused("The parent must be of the level above")


def check_codes(record: Record, own_id: Id | None, store: Store, settings: Settings) -> None:
    """Raises ApiError 400 for a missing, overlong or taken code; makes the one that is missing if settings say so."""
    others = list(_others(record, own_id, store))
    if "dataEntryCode" not in record:
        _missing_code(record, others, settings)
    reasons = [
        f"The {name} {record[name]} is taken"
        for name in ("dataEntryCode", "externalReference")
        if name in record and any(other.get(name) == record[name] for other in others)
    ]
    if len(record.get("dataEntryCode", "")) > LONGEST_CODE:
        reasons.append(f"The dataEntryCode has more than {LONGEST_CODE} characters")
    if reasons:
        raise refused(*reasons)


def _missing_code(record: Record, others: list[Record], settings: Settings) -> None:
    if settings.data_entry_code == "required":
        raise malformed(("dataEntryCode", "The dataEntryCode field is required."))
    if settings.data_entry_code == "automatic":
        taken = {other.get("dataEntryCode") for other in others}
        number = (record["level"] - 1) * 10_000 + 10
        while f"{number:05}" in taken:
            number += 1
        record["dataEntryCode"] = f"{number:05}"


def _others(record: Record, own_id: Id | None, store: Store) -> Iterator[Record]:
    place = (record["structureVersion"], record["level"])
    for other in store.shelves[COLLECTION].live():
        if other["id"] != own_id and (other["structureVersion"], other["level"]) == place:
            yield other
