"""The collections of the simulated tenant. A new collection is a new row."""

from __future__ import annotations

from types import MappingProxyType

from simulator.collections import converters as to
from simulator.collections import rules
from simulator.collections.row import Category, Collection, Field, Filter

DATE = Filter("date", str, Category.RANGE, required=True)
YEAR = Filter("date", str, Category.RANGE, required=True, max_days=True)
PERSON = Filter("person.id", int, named_sets=True)
KINDS = ("InOut", "Reason", "Activity", "ActivityEnd")
COUNTER_STATUS = ("Unknown", "Auto", "Manual", "Calendar")


def _daily(name: str, *targets: str, date: Filter = YEAR, scope: str = "", **more: Filter) -> Collection:
    """A row of calculated or registered data: one person, one date, read only."""
    filters = {
        "date": date,
        "person": PERSON,
        **{key.replace("_", "-"): value for key, value in more.items()},
    }
    return Collection(
        name,
        "date",
        filters,
        (f"{scope}.read",) if scope else (),
        targets=targets or ("people",),
        first_id=1001,
    )


def _definition(name: str, *targets: str, references: dict[str, str] | None = None) -> Collection:
    return Collection(name, references=references or {}, by_reference=True, targets=targets)


def _history(category: str) -> Collection:
    scopes = ("people-historical-data.read", "people.read")
    return Collection(f"{category}-histories", scopes=scopes, delta=False, webhook=False, by_id=False)


def _catalog(name: str) -> Collection:
    return Collection(name, scopes=("people.read",), delta=False, webhook=False, by_id=False)


ASSIGNMENTS = Collection(
    "assignments",
    "from",
    {"date": Filter("from", str, Category.RANGE, required=True), "person": PERSON},
    first_id=757_085,
    targets=("people", "activity-definitions"),
    fields=(
        Field("person", to.reference("people"), required=True),
        Field("from", to.day, required=True),
        Field("until", to.day),
        Field("startTimeInMinutes", to.minutes),
        Field("endTimeInMinutes", to.minutes),
        Field("breakDurationInMinutes", to.duration),
        Field("comments", to.text),
        Field("activityLevels", to.levels, required=True),
    ),
    defaults={"isRejected": False},
    rules=(rules.ends_after_start, rules.until_after_from),
    verbs=frozenset({"POST", "PUT", "DELETE"}),
)

CLOCKINGS = Collection(
    "clockings",
    "date",
    {"date": YEAR, "person": PERSON, "kind": Filter("kind", str, choices=KINDS)},
    first_id=8192,
    targets=("people", "terminals", "activity-definitions", "absence-definitions"),
    fields=(
        Field("person", to.reference("people"), required=True),
        Field("date", to.day, required=True),
        Field("timeOfDayInMinutes", to.minutes, required=True),
        Field("terminal", to.reference("terminals")),
        Field("geolocation", to.geolocation),
        Field("kind", to.one_of(*KINDS), required=True),
        Field("reason", to.reference("absence-definitions")),
        Field("isOpen", to.flag),
        Field("activityLevels", to.levels),
    ),
    defaults={"isGenerated": False, "status": "Active"},
    rules=(rules.only_for("Reason", "reason", "isOpen"), rules.only_for("Activity", "activityLevels")),
    verbs=frozenset({"POST"}),
)

PEOPLE = Collection(
    "people",
    filters={"person": Filter("id", int, named_sets=True)},  # CHOICE-06
    references={"@badge-number": "badgeNumber", "@employee-number": "employeeNumber"},
    by_reference=True,
    targets=("people",),
)

ROWS = (
    ASSIGNMENTS,
    CLOCKINGS,
    PEOPLE,
    _daily("absences", "people", "absence-definitions", "shift-definitions"),
    _daily("access-clockings", "people", "terminals", date=DATE),
    _daily(
        "activity-durations", "people", "activity-definitions", "absence-definitions", "counter-definitions"
    ),
    _daily("breaks"),
    _daily("calculated-totals", "people", "shift-definitions"),
    _daily(
        "counters",
        "people",
        "counter-definitions",
        "shift-definitions",
        counter_definition=Filter("counterDefinition.id", int),
        status=Filter("status", str, choices=COUNTER_STATUS),
    ),
    _daily("paid-presences", "people", "shift-definitions", date=DATE, scope="calculated-totals"),
    _daily("work-interruptions"),
    Collection("contracts", filters={"person": PERSON}, targets=("people",)),
    _definition(
        "absence-definitions", "absence-definitions", "absence-groups", references={"@absence-code": "code"}
    ),
    _definition("absence-groups", "absence-groups"),
    _definition("break-definitions"),
    _definition(
        "counter-definitions", "counter-definitions", "counter-groups", references={"@counter-code": "code"}
    ),
    _definition("counter-groups", "counter-groups"),
    _definition("shift-definitions", references={"@shift-code": "code"}),
    # Known inside only: references point at them, no documented endpoint reads them as a plain list.
    Collection(
        "terminals",
        delta=False,
        webhook=False,
        listed=False,
        by_id=False,
        references={"@external-code": "externalCode"},
    ),
    Collection(
        "activity-definitions",
        delta=False,
        webhook=False,
        listed=False,
        by_id=False,
        references={"@data-entry-code": "dataEntryCode", "@external-reference": "externalReference"},
        by_reference=True,
        targets=("activity-definitions",),
        fields=(
            Field("name", to.text, required=True),
            Field("parent", to.reference("activity-definitions")),
            Field("shortCode", to.text),
            Field("dataEntryCode", to.text),
            Field("externalReference", to.text),
            Field("info", to.text),
            Field("activeFrom", to.day),
            Field("activeUntil", to.day),
        ),
        defaults={"canConfigureRestrictions": True},
        rules=(rules.active_until_after_from,),
    ),
    *(
        _history(name)
        for name in ("department", "employer", "job", "job-category", "sector", "work-location")
    ),
    *(
        _catalog(name)
        for name in ("departments", "employers", "jobs", "job-categories", "sectors", "work-locations")
    ),
)

TABLE = MappingProxyType({row.name: row for row in ROWS})

# Which collection an embedded reference points at, by the name of its property.
REFERENCE_PROPERTIES = MappingProxyType(
    {
        "person": "people",
        "terminal": "terminals",
        "reason": "absence-definitions",
        "activityDefinition": "activity-definitions",
        "absenceDefinition": "absence-definitions",
        "requestedAbsenceDefinition": "absence-definitions",
        "resultingAbsenceDefinition": "absence-definitions",
        "absenceGroup": "absence-groups",
        "counterDefinition": "counter-definitions",
        "counterDefinitions": "counter-definitions",
        "counterGroup": "counter-groups",
        "shiftDefinition": "shift-definitions",
    }
)

SCOPES = frozenset(
    {
        *(scope for row in ROWS if row.listed for scope in row.readable_with()),
        *(f"{row.name}.write" for row in ROWS if row.verbs),
        *("activity-definitions.read", "activity-definitions.write"),
        *("external-references.read", "external-references.write", "webhooks.read", "webhooks.write"),
    }
)
