"""Texts from outside, made fit for a reason: short, on one line, printable and without the sink's secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Characters of a reason; it is stored with every dead letter and shown in a table.
LIMIT: Final = 300
#: Shorter values are words rather than secrets; hiding them would only make reasons unreadable.
_SHORTEST_SECRET: Final = 4


def readable(text: str, *, hide: Iterable[str] = ()) -> str:
    """`text` with every occurrence of a value in `hide` replaced, then cut to `LIMIT` characters."""
    # The longest first: one secret may be part of another.
    for secret in sorted(hide, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LIMIT else f"{line[: LIMIT - 1]}…"
