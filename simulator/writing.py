"""A body becomes a record: required properties, types, references, business rules. Raises ApiError 400."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.collections.converters import Malformed, Refused
from simulator.collections.row import Collection, Record
from simulator.errors import malformed, refused
from simulator.references import resolve
from simulator.store import Id, Store

JsonObject = dict[str, Any]


def read_object(body: bytes) -> JsonObject:
    """Decode a request's body. Anything but a JSON object is a model validation error."""
    try:
        return msgspec.json.decode(body, type=JsonObject)
    except msgspec.DecodeError as error:
        raise malformed(("$", f"The body is not a JSON object: {error}")) from None


def convert(row: Collection, body: Mapping[str, Any], store: Store) -> Record:
    """Return the writable properties of `body`; read-only and unknown ones are ignored."""

    def lookup(collection: str, reference: Mapping[str, Any]) -> Id:
        return resolve(collection, reference, store)

    record: Record = {}
    violations: list[tuple[str, str]] = []
    reasons: list[str] = []
    for field in row.fields:
        value = body.get(field.name)
        if value is None:
            if field.required:
                violations.append((field.name, f"The {field.name} field is required."))
            continue
        try:
            record[field.name] = field.convert(value, lookup)
        except Malformed as error:
            violations.append((field.name, f"The {field.name} field {error}."))
        except Refused as error:
            reasons.append(f"The {field.name} {error}")
    if violations:
        raise malformed(*violations)
    return _obey(row, record, reasons)


def _obey(row: Collection, record: Record, reasons: list[str]) -> Record:
    broken = [reason for reason in (rule(record) for rule in row.rules) if reason]
    if reasons or broken:
        raise refused(*reasons, *broken)
    return record
