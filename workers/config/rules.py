"""Rules that look at more than one value.

They read the expanded data rather than the validated models, so that they are reported together with mistakes in
single values: a value of the wrong shape is passed over here, the models have said what is wrong with it.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workers.collections import WEBHOOK_COLLECTIONS
from workers.config.catalog import is_dated, longest_range_days, predefined_references, reference_targets
from workers.config.mistakes import Path, suggestion
from workers.protime import earliest_delta_start

Finding = tuple[Path, str]

#: No delta was ever allowed to begin so early: a slip of the pen, such as 0206 for 2026.
SENSELESS_BEFORE = dt.date(2000, 1, 1)


def broken_rules(data: Any, today: dt.date) -> Iterator[Finding]:
    """Path and text of every rule that the data break."""
    config = _mapping(data)
    managed = _is_managed(config)
    yield from _two_roles(config)
    if managed:
        yield from _needed_to_manage(config)
    for name, tenant in _entries(config, "tenants"):
        path = ("tenants", name)
        yield from _manual_keys(path, tenant)
        for collection, settings in _entries(tenant, "collections"):
            if collection in WEBHOOK_COLLECTIONS:
                here = (*path, "collections", collection)
                yield from _since(here, collection, settings, today)
                yield from _reconciled_days(here, collection, settings)
                yield from _references(here, collection, settings)
                yield from _people_fields(here, collection, settings)
                if not managed:
                    yield from _manual_webhook(here, settings)
    for name, sink in _entries(config, "sinks"):
        yield from _filtered_tenants(("sinks", name, "filter", "tenants"), sink, config)


def _two_roles(config: Mapping[str, Any]) -> Iterator[Finding]:
    tokens = _mapping(config.get("admin_tokens"))
    viewer = tokens.get("viewer")
    if viewer and viewer == tokens.get("operator"):
        yield (
            ("admin_tokens", "viewer"),
            "must not be the token of the operator: whoever may read could act as well. Make another one.",
        )


def _is_managed(config: Mapping[str, Any]) -> bool:
    try:
        return TypeAdapter(bool).validate_python(_mapping(config.get("subscriptions")).get("manage", True))
    except ValidationError:
        return True


def _needed_to_manage(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config.get("secret_key"):
        yield (
            ("secret_key",),
            "is required when subscriptions.manage is true. Make one with: openssl rand -base64 32",
        )
    if not config.get("public_url"):
        yield (
            ("public_url",),
            "is required when subscriptions.manage is true. Write the https address at which Protime reaches us.",
        )


def _since(path: Path, collection: str, settings: Mapping[str, Any], today: dt.date) -> Iterator[Finding]:
    fetch = settings.get("fetch", "delta")
    first = earliest_delta_start(today)
    if settings.get("since") is None:
        if fetch == "delta" and is_dated(collection):
            yield (*path, "since"), f"is required with fetch: delta. Write a date from {first} on."
        return
    since = _date(settings["since"])
    if since is None:
        return
    if since > today:
        yield (*path, "since"), f"is in the future. Write a date up to {today}."
    # Every New Year deltas begin a year later: a day that was good when it was written is `old_days`' to tell. Mode
    # payload keeps a delta too, to repair what was missed.
    elif fetch != "resource" and is_dated(collection) and since < SENSELESS_BEFORE:
        yield (*path, "since"), f"is before any day that Protime can have. Write {first} or later."


def _reconciled_days(path: Path, collection: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
    most = longest_range_days(collection)
    given = _mapping(settings.get("reconcile"))
    days = [given.get(key, usual) for key, usual in (("days_back", 7), ("days_ahead", 60))]
    if most is not None and all(type(number) is int for number in days) and sum(days) > most:
        span = f"days_back and days_ahead are {sum(days)} days together"
        yield (
            (*path, "reconcile"),
            f"{span}, and Protime lists {collection} of at most {most}. Lower one of them.",
        )


def _date(value: Any) -> dt.date | None:
    if isinstance(value, dt.date):
        return None if isinstance(value, dt.datetime) else value
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _references(path: Path, collection: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
    allowed = reference_targets(collection)
    for target, names in _mapping(settings.get("external_references")).items():
        here = (*path, "external_references", target)
        if not allowed:
            yield here, f"{collection} cannot carry external references. Remove it."
        elif target not in allowed:
            yield here, f"{collection} cannot carry references of this collection. {_near(target, allowed)}"
        else:
            for name in [names] if isinstance(names, str) else names if isinstance(names, list) else []:
                yield from _reference_name(here, target, name)


def _reference_name(path: Path, target: str, name: Any) -> Iterator[Finding]:
    known = predefined_references(target)
    if not isinstance(name, str):
        return
    if name.startswith("@"):
        if name not in known:
            hint = _near(name, known) if known else "It has custom names only, and they do not begin with @."
            yield path, f"{target} has no predefined reference of this name. {hint}"
    elif not re.fullmatch(r"[^\s@(),&#]+", name):
        yield path, "is not the name of a reference: no blanks, @ ( ) , & or #."


def _people_fields(path: Path, collection: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
    if collection != "people" and settings.get("people_fields") is not None:
        yield (*path, "people_fields"), "is for the collection people only. Remove it."


def _near(given: str, known: tuple[str, ...]) -> str:
    return suggestion(given, known, label="Possible")


def _manual_webhook(path: Path, settings: Mapping[str, Any]) -> Iterator[Finding]:
    if settings.get("webhook") is None:
        yield (
            (*path, "webhook"),
            'is required when subscriptions.manage is false. Add { token: "…", keys: ["…"] }.',
        )


def _manual_keys(path: Path, tenant: Mapping[str, Any]) -> Iterator[Finding]:
    if _mapping(tenant.get("signature")).get("key_encoding") != "base64":
        return
    for name, settings in _entries(tenant, "collections"):
        keys = _mapping(settings.get("webhook")).get("keys")
        for index, key in enumerate(keys if isinstance(keys, list) else []):
            if isinstance(key, str) and not _is_base64(key):
                place = (*path, "collections", name, "webhook", "keys", index)
                yield place, "is not base64, which signature.key_encoding promises."


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _filtered_tenants(path: Path, sink: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Finding]:
    known = list(_mapping(config.get("tenants")))
    wanted = _mapping(sink.get("filter")).get("tenants")
    for index, name in enumerate(wanted if isinstance(wanted, list) else []):
        if isinstance(name, str) and name not in known:
            yield (*path, index), f"there is no such tenant. {suggestion(name, known, label='Tenants')}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _entries(section: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, value in _mapping(section.get(key)).items():
        yield name, _mapping(value)
