"""What each collection of the API allows: a literal table (protime-api §2.3, §3.3, §6.3, §6.5, §8.1, §10)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec


class Category(Enum):
    """The constraint category of a filter field: only Multiple fields may stand under `or`."""

    SINGLE = "Single"
    RANGE = "Range"
    MULTIPLE = "Multiple"


class Field(msgspec.Struct, frozen=True):
    """A filter field: its category, and whether its values are `date`, `integer` or `string`."""

    category: Category
    type: str


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """`filters`: the fields a list takes. `dated`: the property that the (then required) `date` filter is compared with.

    `year_cap`: a list's date range is at most a year; in a delta it always is. `references`: the collections whose
    external references it accepts, None where Protime's pages are silent. `event_references`: whether deltas and
    webhooks carry them. `scope`: the name in its scopes when that is another one.
    """

    filters: Mapping[str, Field] = msgspec.field(default_factory=dict)
    dated: str | None = None
    year_cap: bool = False
    delta: bool = True
    webhook: bool = True
    references: frozenset[str] | None = None
    event_references: bool = True
    scope: str | None = None
    writable: bool = False


_DATE = Field(Category.RANGE, "date")
_IDS = Field(Category.MULTIPLE, "integer")
_NAMES = Field(Category.MULTIPLE, "string")
_NAME = Field(Category.SINGLE, "string")
_DATED = {"date": _DATE, "person": _IDS}
_PEOPLE_SHIFTS = frozenset({"people", "shift-definitions"})
_HISTORY = Collection(delta=False, webhook=False, scope="people-historical-data")
_CATALOG = Collection(delta=False, webhook=False, scope="people")

#: Every collection this client knows. One that is missing here can be read all the same, only nothing is checked.
COLLECTIONS: Mapping[str, Collection] = {
    "absence-definitions": Collection(references=frozenset({"absence-groups"})),
    "absence-groups": Collection(),
    "absences": Collection(filters=_DATED, dated="date", year_cap=True),
    "access-clockings": Collection(
        filters=_DATED, dated="date", references=frozenset({"people", "terminals"})
    ),
    "activity-definitions": Collection(delta=False, webhook=False, writable=True),
    "activity-durations": Collection(
        filters=_DATED,
        dated="date",
        year_cap=True,
        references=frozenset(
            {"people", "activity-definitions", "absence-definitions", "counter-definitions"}
        ),
    ),
    "assignments": Collection(
        filters=_DATED, dated="from", references=frozenset({"people", "activity-definitions"}), writable=True
    ),
    "break-definitions": Collection(event_references=False),
    "breaks": Collection(filters=_DATED, dated="date", year_cap=True),
    "calculated-totals": Collection(filters=_DATED, dated="date", year_cap=True, references=_PEOPLE_SHIFTS),
    "clockings": Collection(
        filters={**_DATED, "kind": _NAMES},
        dated="date",
        year_cap=True,
        references=frozenset({"people", "terminals", "activity-definitions", "absence-definitions"}),
        writable=True,
    ),
    "contracts": Collection(filters={"person": _IDS}),
    "counter-definitions": Collection(references=frozenset({"counter-definitions", "counter-groups"})),
    "counter-groups": Collection(event_references=False),
    "counters": Collection(
        filters={**_DATED, "counter-definition": _IDS, "status": _NAMES}, dated="date", year_cap=True
    ),
    "department-histories": _HISTORY,
    "departments": _CATALOG,
    "employer-histories": _HISTORY,
    "employers": _CATALOG,
    "external-references": Collection(delta=False, webhook=False, writable=True),
    "job-category-histories": _HISTORY,
    "job-histories": _HISTORY,
    "job-categories": _CATALOG,
    "jobs": _CATALOG,
    "paid-presences": Collection(
        filters=_DATED, dated="date", references=_PEOPLE_SHIFTS, scope="calculated-totals"
    ),
    "people": Collection(filters={"person": _IDS}),
    "sector-histories": _HISTORY,
    "sectors": _CATALOG,
    "shift-definitions": Collection(event_references=False),
    "webhooks": Collection(
        filters={"collection-name": _NAME, "status": _NAME}, delta=False, webhook=False, writable=True
    ),
    "work-interruptions": Collection(
        filters=_DATED, dated="date", year_cap=True, references=frozenset({"people"})
    ),
    "work-location-histories": _HISTORY,
    "work-locations": _CATALOG,
}
