"""What one row of the table of collections says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Record = dict[str, Any]
# (value, lookup) -> the value as stored. `lookup(collection, reference)` gives the id behind a reference object.
Lookup = Callable[[str, Mapping[str, Any]], Any]
Converter = Callable[[Any, Lookup], Any]
Rule = Callable[[Record], str | None]


class Category(Enum):
    """The constraint category of a filter field; `or` is legal on MULTIPLE only."""

    SINGLE = frozenset({"eq"})
    RANGE = frozenset({"eq", "ge", "le"})
    MULTIPLE = frozenset({"eq", "in"})


@dataclass(frozen=True)
class Filter:
    """One filter field: the dotted path it is compared with, its type, and whether a list demands it."""

    path: str
    type: type
    category: Category = Category.MULTIPLE
    required: bool = False
    max_days: bool = False  # the range is at most a year
    named_sets: bool = False  # `in circle(…)`, `in org-group(…)`
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """A writable property."""

    name: str
    convert: Converter
    required: bool = False


@dataclass(frozen=True)
class Collection:
    """One collection of the API. `date` is the property that a date filter and a delta's window act on."""

    name: str
    date: str | None = None
    filters: Mapping[str, Filter] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()  # any of these may read; empty: `<name>.read`
    delta: bool = True
    webhook: bool = True
    listed: bool = True
    by_id: bool = True
    first_id: int = 1
    # External references of the records themselves: name -> property that holds the value.
    references: Mapping[str, str] = field(default_factory=dict)
    by_reference: bool = False  # the path may carry an external reference instead of an id
    targets: tuple[str, ...] = ()  # collections whose references a caller may ask for
    fields: Sequence[Field] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)  # read-only properties of a new record
    rules: Sequence[Rule] = ()
    verbs: frozenset[str] = frozenset()  # of POST, PUT, DELETE

    def readable_with(self) -> tuple[str, ...]:
        return self.scopes or (f"{self.name}.read",)
