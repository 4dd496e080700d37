"""Every write and every list that Protime's pages show for assignments and clockings: command line, request, body."""

from __future__ import annotations

from typing import Any, NamedTuple

API = "/connector/protimeapi/api/v1"
GUID, SECOND, TUTORIAL = (
    "a7d853ea-89eb-4735-83d1-b891c6fde398",
    "22d320ed-f6ed-44bd-b7b1-fe58f518960c",
    "550e8400-e29b-41d4-a716-446655440000",
)


class Example(NamedTuple):
    """`options` are None where the page's body cannot be said in options."""

    name: str
    command: tuple[str, ...]
    options: tuple[str, ...] | None
    request: str
    body: dict[str, Any]


def level(number: int, id_: str) -> dict[str, Any]:
    return {"level": number, "activityDefinition": {"id": id_}}


def coded(number: int, code: str) -> dict[str, Any]:
    return {"level": number, "activityDefinition": {"externalReferences": {"@data-entry-code": code}}}


DAY = {"from": "2025-03-10", "until": "2025-03-10", "startTimeInMinutes": 480, "endTimeInMinutes": 1020}
DAY_OPTIONS = ("--from", "2025-03-10", "--until", "2025-03-10", "--start", "08:00", "--end", "1020")

#: The assignment of the tutorial, as it is read back after its creation.
RECORD: dict[str, Any] = {
    "changeVersion": "0001E7C5000098FA0013",
    "id": 757085,
    "isRejected": False,
    "person": {"id": 1},
    "from": "2026-03-10",
    "until": "2026-03-10",
    "startTimeInMinutes": 480,
    "endTimeInMinutes": 1020,
    "breakDurationInMinutes": 30,
    "comments": "Morning shift",
    "activityLevels": [level(1, TUTORIAL)],
}
CREATED = {name: value for name, value in RECORD.items() if name not in ("changeVersion", "id", "isRejected")}
UPDATED = {
    **CREATED,
    "startTimeInMinutes": 540,
    "endTimeInMinutes": 1080,
    "breakDurationInMinutes": 60,
    "comments": "Updated to late shift",
}

ASSIGN, CLOCK = ("assignments", "create", "acme"), ("clockings", "create", "acme")
POST_ASSIGNMENT, POST_CLOCKING = f"POST {API}/assignments", f"POST {API}/clockings"

WRITES = [
    Example(
        "an assignment with ids",
        ASSIGN,
        (
            "--person",
            "1234",
            *DAY_OPTIONS,
            "--break",
            "30",
            "--comments",
            "Morning shift",
            "--activity",
            f"1={GUID}",
        ),
        POST_ASSIGNMENT,
        {
            "person": {"id": 1234},
            **DAY,
            "breakDurationInMinutes": 30,
            "comments": "Morning shift",
            "activityLevels": [level(1, GUID)],
        },
    ),
    Example(
        "an assignment with an employee number",
        ASSIGN,
        ("--person", "@employee-number=5678", *DAY_OPTIONS, "--break", "30", "--activity", f"1={GUID}"),
        POST_ASSIGNMENT,
        {
            "person": {"externalReferences": {"@employee-number": "5678"}},
            **DAY,
            "breakDurationInMinutes": 30,
            "activityLevels": [level(1, GUID)],
        },
    ),
    Example(
        "an assignment with two levels",
        ASSIGN,
        (
            "--person",
            "1234",
            *DAY_OPTIONS,
            "--break",
            "30",
            "--activity",
            f"1={GUID}",
            "--activity",
            f"2={SECOND}",
        ),
        POST_ASSIGNMENT,
        {
            "person": {"id": 1234},
            **DAY,
            "breakDurationInMinutes": 30,
            "activityLevels": [level(1, GUID), level(2, SECOND)],
        },
    ),
    Example("the assignment of the tutorial", ASSIGN, None, POST_ASSIGNMENT, CREATED),
    Example(
        "an in or out by badge",
        CLOCK,
        ("--person", "@badge-number=1955", "--date", "2024-12-17", "--time", "08:20", "--kind", "InOut"),
        POST_CLOCKING,
        {
            "person": {"externalReferences": {"@badge-number": "1955"}},
            "date": "2024-12-17",
            "timeOfDayInMinutes": 500,
            "kind": "InOut",
        },
    ),
    Example(
        "a reason",
        CLOCK,
        (
            "--person",
            "76547",
            "--date",
            "2024-12-17",
            "--time",
            "500",
            "--kind",
            "Reason",
            "--reason",
            "6578",
        ),
        POST_CLOCKING,
        {
            "person": {"id": 76547},
            "date": "2024-12-17",
            "timeOfDayInMinutes": 500,
            "kind": "Reason",
            "reason": {"id": 6578},
        },
    ),
    Example(
        "an activity by references, its coordinates in texts",
        CLOCK,
        None,
        POST_CLOCKING,
        {
            "person": {"externalReferences": {"@employee-number": "01256"}},
            "date": "2024-01-05",
            "timeOfDayInMinutes": 480,
            "terminal": {"externalReferences": {"SapTerminalCode": "SAPTO1"}},
            "geolocation": {"longitude": "51.144127", "latitude": "4.392225"},
            "kind": "Activity",
            "activityLevels": [coded(1, "00014"), coded(2, "10019")],
        },
    ),
    Example(
        "an activity by references",
        CLOCK,
        (
            *("--person", "@employee-number=01256", "--date", "2024-01-05", "--time", "08:00"),
            *("--terminal", "SapTerminalCode=SAPTO1", "--longitude", "51.144127", "--latitude", "4.392225"),
            *("--kind", "Activity", "--activity", "1=@data-entry-code=00014"),
            *("--activity", "2=@data-entry-code=10019"),
        ),
        POST_CLOCKING,
        {
            "person": {"externalReferences": {"@employee-number": "01256"}},
            "date": "2024-01-05",
            "timeOfDayInMinutes": 480,
            "terminal": {"externalReferences": {"SapTerminalCode": "SAPTO1"}},
            "geolocation": {"longitude": 51.144127, "latitude": 4.392225},
            "kind": "Activity",
            "activityLevels": [coded(1, "00014"), coded(2, "10019")],
        },
    ),
    Example(
        "the end of an activity",
        CLOCK,
        ("--person", "76547", "--date", "2024-12-17", "--time", "480", "--kind", "ActivityEnd"),
        POST_CLOCKING,
        {"person": {"id": 76547}, "date": "2024-12-17", "timeOfDayInMinutes": 480, "kind": "ActivityEnd"},
    ),
    *(
        Example(
            f"a night's clocking on {day}",
            CLOCK,
            ("--person", "@badge-number=1955", "--date", day, "--time", clock, "--kind", "InOut"),
            POST_CLOCKING,
            {
                "person": {"externalReferences": {"@badge-number": "1955"}},
                "date": day,
                "timeOfDayInMinutes": minutes,
                "kind": "InOut",
            },
        )
        for day, clock, minutes in (("2025-02-13", "22:00", 1320), ("2025-02-14", "06:00", 360))
    ),
    Example(
        "an in or out with ids and coordinates",
        CLOCK,
        (
            *("--person", "76547", "--date", "2024-01-05", "--time", "480", "--terminal", "765"),
            *("--longitude", "4.392225", "--latitude", "51.144127", "--kind", "InOut"),
        ),
        POST_CLOCKING,
        {
            "person": {"id": 76547},
            "date": "2024-01-05",
            "timeOfDayInMinutes": 480,
            "terminal": {"id": 765},
            "geolocation": {"longitude": 4.392225, "latitude": 51.144127},
            "kind": "InOut",
        },
    ),
    Example(
        "the update of the tutorial",
        ("assignments", "update", "acme", "757085"),
        ("--start", "09:00", "--end", "18:00", "--break", "60", "--comments", "Updated to late shift"),
        f"PUT {API}/assignments/757085",
        UPDATED,
    ),
]

JANUARY = ("--from", "2025-01-01", "--to", "2025-01-31")
IN_JANUARY = "date%20ge%20'2025-01-01'%20and%20date%20le%20'2025-01-31'"
BOTH_REFERENCES = "(people,@employee-number)(activity-definitions,@data-entry-code)"
#: Options of a list, and the query they become.
LISTS = [
    (JANUARY, f"filter={IN_JANUARY}"),
    (
        (*JANUARY, "--external-reference", "people=@employee-number"),
        f"filter={IN_JANUARY}&externalReferences=(people,@employee-number)",
    ),
    ((*JANUARY, "--person", "1,2,3"), f"filter=person%20in%20(1,2,3)%20and%20{IN_JANUARY}"),
    (
        (*JANUARY, "--org-group", "200,201"),
        f"filter=person%20in%20org-group%20(200,201)%20and%20{IN_JANUARY}",
    ),
    (
        (
            *(*JANUARY, "--person", "1,2,3", "--external-reference", "people=@employee-number"),
            *("--external-reference", "activity-definitions=@data-entry-code"),
        ),
        f"filter=person%20in%20(1,2,3)%20and%20{IN_JANUARY}&externalReferences={BOTH_REFERENCES}",
    ),
    (("--filter", "date ge '2026-01-01'"), "filter=date%20ge%20'2026-01-01'"),
]
