"""The rules and the keeping of custom external references, in `Store.custom` by (collection, name)."""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import malformed, refused
from simulator.store import Id, Store
from simulator.world import World

COLLECTIONS = (
    "people",
    "activity-definitions",
    "absence-definitions",
    "counter-definitions",
    "shift-definitions",
    "terminals",
    "circles",
    "groups",
    "absence-groups",
    "counter-groups",
)
SETS = {"circles": "circle", "groups": "org-group"}
NAME = re.compile(r"[\w.-]+")


def exists(store: Store, world: World, collection: str, key: Id) -> bool:
    if collection in SETS:
        return (SETS[collection], key) in world.members
    return store.get(collection, key) is not None


def of_collection(store: Store, collection: str) -> dict[Id, dict[str, str]]:
    """Names and values by id, in the order of the ids."""
    found: dict[Id, dict[str, str]] = {}
    for (owner, name), values in store.custom.items():
        for key, value in values.items() if owner == collection else ():
            found.setdefault(key, {})[name] = value
    return dict(sorted(found.items(), key=lambda item: str(item[0]).zfill(12)))


def check(store: Store, collection: str, key: Id, name: str, value: Any) -> None:
    """Raises ApiError 400 for a name of Protime's own, a value that is no text, and one that another object has."""
    if not isinstance(value, str) or not value:
        raise malformed(("value", f"The value of {name} must be a text that is not empty."))
    if not NAME.fullmatch(name):
        raise refused(
            f"The name {name} is invalid: letters, digits, points and hyphens, and no @ at its start"
        )
    others = store.custom.get((collection, name), {})
    if any(text == value and other != key for other, text in others.items()):
        raise refused(f"The {name} {value} is taken within {collection}")


def put(store: Store, collection: str, key: Id, name: str, value: str) -> bool:
    """Return whether the object had the name before."""
    values = store.custom.setdefault((collection, name), {})
    known = key in values
    values[key] = value
    return known


def clear(store: Store, collection: str, key: Id) -> None:
    for (owner, _), values in store.custom.items():
        if owner == collection:
            values.pop(key, None)
