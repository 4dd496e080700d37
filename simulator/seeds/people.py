"""The people of the tenant and their contracts."""

from __future__ import annotations

import random

from simulator.collections.row import Record
from simulator.store import Store

FIRST_NAMES = (
    ("Anna", "Female"),
    ("Bram", "Male"),
    ("Chloé", "Female"),
    ("Daan", "Male"),
    ("Elif", "Female"),
    ("Finn", "Male"),
    ("Greet", "Female"),
    ("Hugo", "Male"),
    ("Inès", "Female"),
    ("Jonas", "Male"),
    ("Karim", "Male"),
    ("Lotte", "Other"),
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
TOWNS = (
    ("2000", "Antwerpen"),
    ("9000", "Gent"),
    ("3000", "Leuven"),
    ("8000", "Brugge"),
    ("2800", "Mechelen"),
)
FULL_WEEK = 2280  # minutes: 38 hours
FULL_DAYS = 5
SHARES = (100, 100, 100, 80, 50)  # percent of a full contract


def fill(store: Store, count: int, rng: random.Random) -> None:
    for number in range(1, count + 1):
        store.put("people", person(number, rng), number)
        store.put("contracts", contract(number, rng))


def person(number: int, rng: random.Random) -> Record:
    (first, sex), last, (code, town) = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES), rng.choice(TOWNS)
    return {
        "lastName": last,
        "firstName": first,
        "initials": first[0] + last[0],
        "email": f"person{number}@example.com",
        "mobile": f"+32 470 {number:06}",
        "postalCode": code,
        "town": town,
        "countryISOCode": "BE",
        "nationalityISOCode": "BE",
        "sex": sex,
        "maritalStatus": rng.choice(("Single", "Married", "LivingTogether", "Unknown")),
        "birthDate": f"{rng.randint(1965, 2004)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "inServiceDate": "2020-01-01",
        "employeeNumber": f"{5000 + number}",
        "badgeNumber": f"{1900 + number}",
        "pinCode": rng.randint(1000, 9999),
        "terminalLanguageISOCode": "nl",
    }


def contract(number: int, rng: random.Random) -> Record:
    return {
        "person": {"id": number},
        "code": f"C{number:04}",
        "from": "2020-01-01",
        "kind": "Contract",
        **working_time(rng.choice(SHARES)),
    }


def working_time(percentage: int) -> Record:
    """The properties of a contract that change together."""
    return {
        "contractHoursInMinutes": FULL_WEEK * percentage // 100,
        "fullTimeEquivalentInMinutes": FULL_WEEK,
        "contractPercentage": percentage,
        "numberOfWorkingDaysPerWeek": FULL_DAYS * percentage / 100,
        "numberOfDaysInContractPeriod": 7,
    }
