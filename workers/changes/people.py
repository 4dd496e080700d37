"""What of a person may be kept and told: fields by an allow-list, and of some hidden ones that they changed.

`people` records carry social security number, bank account, passport number and PIN (protime-api §9.3). A field that is
not named here or in the configuration neither leaves nor is stored. What is stored has a property more, `~`: which fields
were allowed then, and keyed digests of the groups below.
"""

from __future__ import annotations

from typing import Any

from workers.changes.fingerprints import Fingerprints

#: Keys and dates that say who is employed, and nothing that describes the person.
PEOPLE_FIELDS = frozenset(
    {
        "id",
        "changeVersion",
        "employeeNumber",
        "inServiceDate",
        "outOfServiceDate",
        "periodClosingDate",
    }
)

#: They say nothing of a person, and every event needs them.
ALWAYS = frozenset({"id", "changeVersion"})

#: Every property that Protime documents and that a tenant may let out by naming it.
NAMEABLE = (
    "employeeNumber", "inServiceDate", "outOfServiceDate", "periodClosingDate", "wtdStartDate", "payGroup",
    "lastName", "firstName", "initials", "telephone", "mobile", "email",
    "address", "postalCode", "town", "countryISOCode", "nationalityISOCode",
    "sex", "maritalStatus", "birthDate", "placeOfBirth", "badgeNumber",
    "hourlyRate", "hourlyRateCurrencyDefinition", "maxAdvance", "advanceCurrencyDefinition",
    "terminalGroup", "terminalLanguageISOCode", "externalReferences",
)  # fmt: skip

#: What proves an identity, moves money or opens a door stays in Protime, whatever the configuration says.
NEVER = (
    "socialSecurityNumber", "registerNumber", "passportNumber", "drivingLicense", "bankAccount", "pinCode",
)  # fmt: skip

# Older pages spell these two in another way.
_OTHER_SPELLING = {"countryISOCode": "countryIsoCode", "nationalityISOCode": "nationalityIsoCode"}

#: Hidden fields whose change is told by a word all the same.
GROUPS: dict[str, tuple[str, ...]] = {
    "name": ("lastName", "firstName", "initials"),
    "contact": ("telephone", "mobile", "email"),
    "address": ("address", "postalCode", "town", "countryISOCode"),
    "badge": ("badgeNumber",),
}

TRACES = "~"


def allowed(names: list[str]) -> frozenset[str]:
    """The allow-list that a tenant's list of names stands for."""
    return ALWAYS | {*names} | {_OTHER_SPELLING[name] for name in names if name in _OTHER_SPELLING}


def reduced(body: dict[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    """The record with nothing but the allowed fields."""
    return {name: value for name, value in body.items() if name in fields and name != TRACES}


def traces(body: dict[str, Any], fields: frozenset[str], fingerprints: Fingerprints | None) -> dict[str, Any]:
    """What is kept of a record besides its allowed fields; made from the record as Protime gave it."""
    kept: dict[str, Any] = {"fields": sorted(fields)}
    if fingerprints is not None:
        kept["key"] = fingerprints.key_id
        for group, names in GROUPS.items():
            values = [_value(body, name) for name in names]
            kept[group] = fingerprints.of([body.get("id"), group], values)
    return kept


def changed_groups(before: dict[str, Any], after: dict[str, Any]) -> frozenset[str] | None:
    """The groups whose fields differ, by the traces; None when these cannot tell."""
    if "key" not in before or before["key"] != after.get("key"):
        return None
    return frozenset(group for group in GROUPS if before.get(group) != after.get(group))


def comparable(body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The part of a new record that was allowed to be kept before: a field that is newly allowed has not changed."""
    fields = before.get("fields")
    if not isinstance(fields, list):
        return body
    return {name: value for name, value in body.items() if name in fields}


def _value(body: dict[str, Any], name: str) -> Any:
    value = body.get(name)
    return body.get(_OTHER_SPELLING[name]) if value is None and name in _OTHER_SPELLING else value
