"""The data a tenant has before anybody writes: fixed by the seed, dates aside nothing depends on the day."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.filters import Constant
from simulator.settings import Settings
from simulator.store import Store

FIRST_NAMES = (
    "Anna",
    "Bram",
    "Chloé",
    "Daan",
    "Elif",
    "Finn",
    "Greet",
    "Hugo",
    "Inès",
    "Jonas",
    "Karim",
    "Lotte",
)
LAST_NAMES = (
    "Peeters",
    "Janssens",
    "Maes",
    "Jacobs",
    "Mertens",
    "Willems",
    "Claes",
    "Goossens",
    "Wouters",
    "De Smet",
)
STRUCTURE_VERSION = 1
SETS = ("circle", "org-group", "org-tree")


@dataclass
class World:
    """What no endpoint lists: which people belong to the named sets of the filters."""

    members: dict[tuple[str, int], frozenset[int]] = field(default_factory=dict)

    def people_in(self, name: str, numbers: Sequence[Constant]) -> frozenset[int]:
        """Raises KeyError for an unknown kind of set; an unknown number is an empty set."""
        if name not in SETS:
            raise KeyError(name)
        kind = "circle" if name == "circle" else "org-group"
        found = (
            self.members.get((kind, number), frozenset()) for number in numbers if isinstance(number, int)
        )
        return frozenset().union(*found)


def seed(store: Store, settings: Settings) -> World:
    """Fill an empty store."""
    rng = random.Random(settings.seed)
    _definitions(store, rng)
    _people(store, settings.people, rng)
    _catalogs(store, settings.people)
    return _world(settings.people)


def texts(default: str, dutch: str) -> dict[str, Any]:
    return {"default": default, "translations": {"nl": dutch}}


def _definitions(store: Store, rng: random.Random) -> None:
    for code, name, dutch in (
        ("E", "Early", "Vroeg"),
        ("L", "Late", "Laat"),
        ("N", "Night", "Nacht"),
        ("D", "Day", "Dag"),
    ):
        named = {
            "name": texts(name, dutch),
            "code": code,
            "friendlyName": texts(name, dutch),
            "isEnabled": True,
        }
        store.put("shift-definitions", named)
    for name, dutch in (("Holidays", "Verlof"), ("Illness", "Ziekte"), ("Duty", "Dienst")):
        store.put("absence-groups", {"name": texts(name, dutch)})
        store.put("counter-groups", {"name": texts(name, dutch)})
    _absence_definitions(store)
    for key, (code, name) in enumerate((("OT", "Overtime"), ("NS", "Night shift"), ("SU", "Sunday")), 1):
        named = {"name": texts(name, name), "code": code, "friendlyCode": code, "isEnabled": True}
        store.put("counter-definitions", {**named, "counterGroup": {"id": key}, "unit": "Duration"})
    store.put("break-definitions", {"name": texts("Lunch", "Middag"), "minimumDurationInMinutes": 30})
    store.put("break-definitions", {"name": texts("Coffee", "Koffie"), "paidDurationInMinutes": 15})
    for number in range(1, 6):
        store.put("terminals", {"externalCode": f"T{number:02}"})
        store.custom.setdefault(("terminals", "SapTerminalCode"), {})[number] = f"SAPTO{number}"
    _activity_definitions(store, rng)


def _absence_definitions(store: Store) -> None:
    for group, code, name, dutch in (
        (1, "H", "Holiday", "Verlof"),
        (2, "I", "Illness", "Ziekte"),
        (3, "B", "Business", "Dienstreis"),
    ):
        store.put(
            "absence-definitions",
            {
                "name": texts(name, dutch),
                "code": code,
                "friendlyCode": code,
                "allowedDurations": ["FullDay", "HalfDay", "Interval"],
                "isEnabled": True,
                "isReasonForClocking": group == 3,
                "absenceGroup": {"id": group},
            },
        )


def _activity_definitions(store: Store, rng: random.Random) -> None:
    """Data entry codes: 00010… on level 1, 10010… on level 2."""
    for level, names in enumerate(
        (("Checkout", "Stock", "Bakery", "Reception", "Office"), ("Store North", "Store South")), 1
    ):
        for number, name in enumerate(names):
            code = f"{(level - 1) * 10_000 + 10 + number:05}"
            activity = {
                "structureVersion": STRUCTURE_VERSION,
                "level": level,
                "canConfigureRestrictions": True,
                "name": name,
                "shortCode": name[:3].upper(),
                "dataEntryCode": code,
                "externalReference": f"ACT-{code}",
                "activeFrom": "2020-01-01",
            }
            store.put("activity-definitions", activity, str(uuid.UUID(bytes=rng.randbytes(16), version=4)))


def _people(store: Store, count: int, rng: random.Random) -> None:
    for number in range(1, count + 1):
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        person = {
            "lastName": last,
            "firstName": first,
            "initials": first[0] + last[0],
            "email": f"person{number}@example.com",
            "countryISOCode": "BE",
            "nationalityISOCode": "BE",
            "sex": rng.choice(("Female", "Male", "Other")),
            "maritalStatus": "Unknown",
            "birthDate": f"{rng.randint(1965, 2004)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            "inServiceDate": "2020-01-01",
            "employeeNumber": f"{5000 + number}",
            "badgeNumber": f"{1900 + number}",
            "pinCode": rng.randint(1000, 9999),
        }
        store.put("people", person, number)
        contract = {"person": {"id": number}, "code": f"C{number:04}", "from": "2020-01-01"}
        store.put("contracts", {**contract, "contractHoursInMinutes": 2280, "kind": "Contract"})


def _catalogs(store: Store, people: int) -> None:
    categories = ("department", "employer", "job", "job-category", "sector", "work-location")
    for category in categories:
        plural = category.removesuffix("y") + ("ies" if category.endswith("y") else "s")
        head, *rest = category.split("-")
        for number in (1, 2):
            store.put(plural, {"name": texts(f"{category} {number}", f"{category} {number}")})
        for person in range(1, people + 1):
            link = {head + "".join(map(str.capitalize, rest)): {"id": 1 + person % 2}}
            store.put(
                f"{category}-histories",
                {"person": {"id": person}, "from": "2020-01-01", "until": None, **link},
            )


def _world(people: int) -> World:
    """Circles 1…10 deal the people out; org groups 200 and 201 hold the even and the odd numbers."""
    everyone = range(1, people + 1)
    circles = {("circle", n): frozenset(p for p in everyone if p % 10 == n % 10) for n in range(1, 11)}
    groups = {("org-group", 200 + n): frozenset(p for p in everyone if p % 2 == n) for n in (0, 1)}
    return World({**circles, **groups})
