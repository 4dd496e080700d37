"""Kinds of values in a body that is to be written: what is wrong with one, and which type its leaves have. Pure.

Nothing is converted: what is found good is sent exactly as it was given.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple, Protocol

from workers.protime import external_references
from workers.protime.external_references import ReferenceRefused

#: Times reach from the day before to the end of the day after (protime-api §11.1).
FIRST_MINUTE, LAST_MINUTE = -1440, 2880

#: What a leaf is, for those who read it from text.
Leaf = Literal["integer", "minutes", "number", "boolean", "text"]
#: Any name of an external reference, in the path of a leaf.
ANY_NAME = "*"

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


class Mistake(NamedTuple):
    """What is wrong, and where: `activityLevels[0].level`."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


class Value(Protocol):
    def mistakes(self, path: str, value: Any) -> Iterator[Mistake]: ...

    def leaves(self) -> Mapping[str, Leaf]:
        """The types below, by the dotted path from here; "" is the value itself. Items of a list have no index."""
        ...


@dataclass(frozen=True)
class Plain:
    """A value without parts."""

    leaf: Leaf
    fits: Callable[[Any], bool]
    wanted: str

    def mistakes(self, path: str, value: Any) -> Iterator[Mistake]:
        if not self.fits(value):
            yield Mistake(path, f"must be {self.wanted}, not {shown(value)}")

    def leaves(self) -> Mapping[str, Leaf]:
        return {"": self.leaf}


@dataclass(frozen=True)
class Reference:
    """`{"id": …}`, or `{"externalReferences": {name: value}}`; both, when they mean the same record (CHOICE-16)."""

    within: str
    to: str
    id: Plain

    def mistakes(self, path: str, value: Any) -> Iterator[Mistake]:
        if not isinstance(value, dict) or not (value.keys() & {"id", "externalReferences"}):
            yield Mistake(path, "must be an object with an id or with externalReferences")
            return
        if "id" in value:
            yield from self.id.mistakes(f"{path}.id", value["id"])
        if "externalReferences" in value:
            yield from self._named(f"{path}.externalReferences", value["externalReferences"])

    def _named(self, path: str, named: Any) -> Iterator[Mistake]:
        if not isinstance(named, dict) or not named:
            yield Mistake(path, "must be an object such as {name: value}")
            return
        for name, value in named.items():
            try:
                external_references.specification(self.within, [(self.to, name)])
            except ReferenceRefused as error:
                yield Mistake(f"{path}.{name}", error.message)
            if not is_text(value) or not value:
                yield Mistake(f"{path}.{name}", f"must be a text, not {shown(value)}")

    def leaves(self) -> Mapping[str, Leaf]:
        return {"id": self.id.leaf, f"externalReferences.{ANY_NAME}": "text"}


@dataclass(frozen=True)
class Levels:
    """Activity levels: each with its number and its activity definition."""

    definition: Reference

    def mistakes(self, path: str, value: Any) -> Iterator[Mistake]:
        if not isinstance(value, list):
            yield Mistake(path, f"must be a list of levels, not {shown(value)}")
            return
        for position, item in enumerate(value):
            yield from self._item(f"{path}[{position}]", item)

    def _item(self, path: str, item: Any) -> Iterator[Mistake]:
        parts: dict[str, Value] = {"level": WHOLE, "activityDefinition": self.definition}
        if not isinstance(item, dict):
            yield Mistake(path, "must be an object with level and activityDefinition")
            return
        for name, part in parts.items():
            if item.get(name) is None:
                yield Mistake(f"{path}.{name}", "is required")
            else:
                yield from part.mistakes(f"{path}.{name}", item[name])

    def leaves(self) -> Mapping[str, Leaf]:
        below = {f"activityDefinition.{path}": leaf for path, leaf in self.definition.leaves().items()}
        return {"level": "integer", **below}


@dataclass(frozen=True)
class Position:
    """Longitude and latitude in degrees: numbers, or numbers in a text, as one of Protime's examples has them."""

    def mistakes(self, path: str, value: Any) -> Iterator[Mistake]:
        if not isinstance(value, dict) or not value or value.keys() - {"longitude", "latitude"}:
            yield Mistake(path, "must be an object with longitude and latitude")
            return
        for name, most in (("longitude", 180), ("latitude", 90)):
            if name in value and not _degrees(value[name], most):
                yield Mistake(f"{path}.{name}", f"must be a number from -{most} to {most}")

    def leaves(self) -> Mapping[str, Leaf]:
        return {"longitude": "number", "latitude": "number"}


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def is_text(value: Any) -> bool:
    """A text that can be sent: half of a surrogate pair cannot."""
    try:
        return isinstance(value, str) and bool(value.encode()) | (value == "")
    except UnicodeEncodeError:
        return False


def is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(_DAY.fullmatch(value) and date.fromisoformat(value))
    except ValueError:
        return False


def shown(value: Any) -> str:
    """A value in a message: short, and as JSON writes it."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:37]}…"


def one_of(*choices: str) -> Plain:
    return Plain("text", lambda value: isinstance(value, str) and value in choices, " or ".join(choices))


def _degrees(value: Any, most: int) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value)) and abs(float(value)) <= most
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) <= most


WHOLE = Plain("integer", is_whole, "a whole number")
GUID = Plain("text", lambda value: isinstance(value, str) and bool(_GUID.fullmatch(value)), "a GUID")
DAY = Plain("text", is_day, "a date such as 2026-03-10")
TEXT = Plain("text", is_text, "a text")
FLAG = Plain("boolean", lambda value: isinstance(value, bool), "true or false")
DURATION = Plain("integer", lambda value: is_whole(value) and value >= 0, "a number of minutes, 0 or more")
MINUTES = Plain(
    "minutes",
    lambda value: is_whole(value) and FIRST_MINUTE <= value <= LAST_MINUTE,
    f"minutes since midnight, {FIRST_MINUTE} to {LAST_MINUTE}",
)
