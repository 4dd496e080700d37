"""The first line of a CSV: dotted property names, each with the type that Protime's table gives it. Pure.

    person.id  person.externalReferences.@employee-number  activityLevels.0.activityDefinition.id

An activity level may have a position (`activityLevels.0.level` or `activityLevels[0].level`) or, when there is only
one, none. A column of a property with parts (`activityLevels`) holds JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from workers.imports.cells import READERS, json_or_text
from workers.protime import Body
from workers.protime.body_values import ANY_NAME, Levels

_IN_BRACKETS = re.compile(r"\[(\d+)\]", re.ASCII)
_POSITION = re.compile(r"\d{1,9}", re.ASCII)

Path = tuple[str | int, ...]


class Column(NamedTuple):
    """`path` to the value, with the position of a list's item as an int; `read` makes the value of a cell."""

    name: str
    path: Path
    read: Callable[[str], Any]


class BadColumns(ValueError):
    """The first line names something that is no property; the text lists all such names."""


def columns(names: Sequence[str], body: Body) -> list[Column]:
    """Raises BadColumns."""
    found, mistakes = list[Column](), list[str]()
    for name in names:
        column = _column(name.strip(), body)
        if column is None:
            mistakes.append(f"{name.strip()!r} is not a property of {body.collection}{_meant(name, body)}")
        elif clash := next((known for known in found if _overlap(known.path, column.path)), None):
            mistakes.append(f"{name.strip()!r} says the same as {clash.name!r}")
        else:
            found.append(column)
    if mistakes:
        raise BadColumns("; ".join(mistakes))
    return found


def _overlap(one: Path, other: Path) -> bool:
    return all(a == b for a, b in zip(one, other, strict=False))


def _column(name: str, body: Body) -> Column | None:
    parts = _IN_BRACKETS.sub(r".\1", name).split(".")
    value = body.properties.get(parts[0])
    if value is None:
        return None
    if len(parts) == 1 and "" not in value.leaves():
        return Column(name, (name,), json_or_text)
    path: Path = tuple(parts)
    if isinstance(value, Levels) and len(parts) > 1:
        position, rest = (int(parts[1]), parts[2:]) if _POSITION.fullmatch(parts[1]) else (0, parts[1:])
        path = (parts[0], position, *rest)
    path, leaf = _named_reference(path), ".".join(part for part in path if isinstance(part, str))
    leaf = re.sub(r"(\bexternalReferences)\..+", rf"\1.{ANY_NAME}", leaf)
    kind = body.leaves().get(leaf)
    return None if kind is None else Column(name, path, READERS[kind])


def _named_reference(path: Path) -> Path:
    """The name of a custom reference may have dots of its own."""
    if "externalReferences" not in path:
        return path
    at = path.index("externalReferences") + 1
    return (*path[:at], ".".join(map(str, path[at:])))


def _meant(name: str, body: Body) -> str:
    known = {path.casefold(): path for path in [*body.properties, *body.leaves()]}
    near = get_close_matches(name.strip().casefold(), known, n=1)
    return f" (did you mean {known[near[0]]}?)" if near else ""
