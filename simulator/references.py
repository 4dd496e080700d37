"""External references: the query parameter, the embedding into records, and the way back from a value to an id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.collections.converters import Malformed, Refused
from simulator.collections.row import Collection, Record
from simulator.collections.table import REFERENCE_PROPERTIES, TABLE
from simulator.errors import refused
from simulator.store import Id, Store

PAIR = re.compile(r"\(([a-z-]+),\s*(@?[\w.-]+)\)")
Wanted = Mapping[str, tuple[str, ...]]  # collection -> names
NOTHING: Wanted = {}


def parse(text: str | None, row: Collection) -> Wanted:
    """Read `(people,@employee-number)(…)`. Raises ApiError 400 when it is invalid for this collection."""
    if not text:
        return NOTHING
    if PAIR.sub("", text).strip():
        raise refused("The external references are invalid: expected (collection,reference)")
    wanted: dict[str, tuple[str, ...]] = {}
    for collection, name in PAIR.findall(text):
        if collection not in row.targets:
            raise refused(f"The external references of {collection} are not supported by {row.name}")
        if name.startswith("@") and name not in TABLE[collection].references:
            raise refused(f"The external reference {name} of {collection} is unknown")
        wanted[collection] = (*wanted.get(collection, ()), name)
    return wanted


def embed(record: Record, row: Collection, wanted: Wanted, store: Store) -> Record:
    """Return the record with `externalReferences` beside the ids that `wanted` asks for."""
    full = {name: _embed(name, value, wanted, store) for name, value in record.items()}
    if row.name in wanted:
        full["externalReferences"] = _values(row.name, record["id"], wanted[row.name], store)
    return full


def _embed(name: str, value: Any, wanted: Wanted, store: Store) -> Any:
    if isinstance(value, list):
        return [_embed(name, item, wanted, store) for item in value]
    if not isinstance(value, dict):
        return value
    target = REFERENCE_PROPERTIES.get(name)
    if target in wanted and target is not None and "id" in value:
        return {**value, "externalReferences": _values(target, value["id"], wanted[target], store)}
    return {key: _embed(key, item, wanted, store) for key, item in value.items()}


def _values(collection: str, key: Id, names: tuple[str, ...], store: Store) -> dict[str, str]:
    """An empty reference is simply missing."""
    found = {name: value_of(collection, key, name, store) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def value_of(collection: str, key: Id, name: str, store: Store) -> str | None:
    entry = store.get(collection, key)
    if entry is None or entry.record is None:
        return None
    if name in TABLE[collection].references:
        value = entry.record.get(TABLE[collection].references[name])
        return None if value in (None, "") else str(value)
    return store.custom.get((collection, name), {}).get(key)


def find(collection: str, name: str, value: str, store: Store) -> Id | None:
    """Return the id of the record whose reference has this value."""
    if name not in TABLE[collection].references:
        custom = store.custom.get((collection, name), {})
        return next((key for key, text in custom.items() if text == value), None)
    prop = TABLE[collection].references[name]
    return next(
        (record["id"] for record in store.shelves[collection].live() if record.get(prop) == value), None
    )


def resolve(collection: str, reference: Mapping[str, Any], store: Store) -> Id:
    """Return the id behind `{"id": …}` or `{"externalReferences": {…}}`.

    Contradictory (CHOICE-16) and dangling (CHOICE-17) references raise Refused, unreadable ones Malformed.
    """
    found = {_resolve_one(collection, name, value, store) for name, value in _named(reference).items()}
    if "id" in reference:
        key = reference["id"]
        if isinstance(key, bool) or not isinstance(key, int | str):
            raise Malformed("the id must be an integer or a string")
        found.add(key if store.get(collection, key) else None)
    if not found:
        raise Malformed("must have an id or external references")
    if None in found:
        raise Refused(f"refers to nothing in {collection}")
    if len(found) > 1:
        raise Refused(f"has contradictory references to {collection}")
    (only,) = found
    assert only is not None  # noqa: S101 - narrows the type; None was refused above
    return only


def _named(reference: Mapping[str, Any]) -> Mapping[str, Any]:
    named = reference.get("externalReferences", {})
    if not isinstance(named, dict):
        raise Malformed("externalReferences must be an object")
    return named


def _resolve_one(collection: str, name: str, value: Any, store: Store) -> Id | None:
    if not isinstance(value, str):
        raise Malformed("an external reference must be a string")
    return find(collection, name, value, store)
