"""Events as the columns of the two tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from workers.events import Event


class _Data(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"null")


class _Body(msgspec.Struct):
    data: _Data


_BODY = msgspec.json.Decoder(_Body)


Value = str | int | bool | None

#: The escape of U+0000, but not a backslash, itself escaped, before "u0000".
_NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def without_nul(json: str) -> str:
    """U+FFFD in the place of U+0000; the same text when there is none."""
    # Looking for the letters first is many times faster than the expression.
    return _NUL.sub(r"\1\\ufffd", json) if "u0000" in json else json


def event_columns(events: Sequence[Event]) -> list[list[Value]]:
    """One list for each column of the events table, in the order of its insert statement."""
    rows = [_event_row(event) for event in events]
    return [list(column) for column in zip(*rows, strict=True)]


def state_columns(events: Sequence[Event]) -> list[list[Value]]:
    """The same for the state table: the newest version of each record, always in the same order of records.

    The order keeps two transactions from waiting for each other.
    """
    newest: dict[tuple[str, str, int], Event] = {}
    for event in events:
        data = event.head.data
        key = (data.tenant, data.collection, data.id)
        if key not in newest or event.head.sequence > newest[key].head.sequence:
            newest[key] = event
    rows = [_state_row(key, newest[key]) for key in sorted(newest)]
    return [list(column) for column in zip(*rows, strict=True)]


def _event_row(event: Event) -> tuple[Value, ...]:
    head, data = event.head, event.head.data
    envelope = (head.id, head.source, head.type, head.subject, head.time)
    record = (data.tenant, data.collection, data.id, head.sequence, data.change)
    original = event.json.decode()
    stored = without_nul(original)
    return (*envelope, *record, stored, None if stored == original else original)


def _state_row(key: tuple[str, str, int], event: Event) -> tuple[Value, ...]:
    head = event.head
    resource = bytes(_BODY.decode(event.json).data.resource).decode()
    deleted = head.data.change == "deleted"
    stored = None if resource == "null" else without_nul(resource)
    return (*key, head.sequence, deleted, head.time, head.id, stored)
