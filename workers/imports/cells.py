"""Texts become values: cells of a CSV, options of a command. Pure.

What cannot be read stays the text it is: the check of the whole body then refuses it together with everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from workers.protime.body_values import Leaf

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
#: With a decimal comma too, as spreadsheets write where people do; thousands are never set apart.
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
_CLOCK = re.compile(r"([+-]?)(\d{1,2}):([0-5]\d)", re.ASCII)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text.strip()) else text


def number(text: str) -> float | int | str:
    cell = text.strip()
    if _WHOLE.fullmatch(cell):
        return int(cell)
    return float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else text


def minutes(text: str) -> int | str:
    """`480` or `08:00`; `25:30` is half past one the day after, `-02:00` ten in the evening before."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        return whole(text)
    total = int(clock[2]) * 60 + int(clock[3])
    return -total if clock[1] == "-" else total


def flag(text: str) -> bool | str:
    return _FLAGS.get(text.strip().lower(), text)


def json_or_text(text: str) -> Any:
    """For a cell that holds a whole object or list."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


READERS: Mapping[Leaf, Callable[[str], Any]] = {
    "integer": whole,
    "minutes": minutes,
    "number": number,
    "boolean": flag,
    # Blanks around a date, a kind or the value of a reference are the file's, never Protime's.
    "text": str.strip,
}
