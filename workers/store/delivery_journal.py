"""The delivery journal's lines: what became of which events at a sink, in few bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import msgspec


def ranges(numbers: Iterable[int]) -> str:
    """`1-40,42`: event numbers in the short form in which the delivery journal keeps them."""
    runs = groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0])
    spans = [[n for _, n in run] for _, run in runs]
    return ",".join(str(s[0]) if len(s) == 1 else f"{s[0]}-{s[-1]}" for s in spans)


def in_ranges(text: str, number: int) -> bool:
    """Whether `ranges` text holds a number."""
    spans = (part.partition("-") for part in text.split(",") if part)
    return any(int(low) <= number <= int(high or low) for low, _, high in spans)


def record(
    delivered: Iterable[int],
    filtered: Iterable[int],
    failed: dict[int, str],
    collapsed: Mapping[str, Iterable[int]] | None = None,
) -> bytes:
    """A line of the delivery journal; empty if nothing happened.

    `{"d": ranges, "f": ranges, "x": {number: reason}, "c": {version that says it all: ranges}}`
    """
    parts: dict[str, Any] = {
        "d": ranges(delivered),
        "f": ranges(filtered),
        "x": {str(k): v for k, v in failed.items()},
        "c": {into: ranges(numbers) for into, numbers in (collapsed or {}).items()},
    }
    said = {k: v for k, v in parts.items() if v}
    return msgspec.json.encode(said) if said else b""
