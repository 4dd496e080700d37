"""One line of `check --online`: what was looked at, what was found, and what it means for the exit code."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """`code`: the exit code it calls for; only a failure has another than 0."""

    mark: str
    what: str
    found: str
    code: int = 0

    def __str__(self) -> str:
        return f"{self.mark:<4}  {self.what}: {self.found}"


def fine(what: str, found: str) -> Finding:
    return Finding("ok", what, found)


def warned(what: str, found: str) -> Finding:
    return Finding("WARN", what, found)


def unseen(what: str, why: str) -> Finding:
    return Finding("--", what, f"not looked at: {why}")


def failed(what: str, found: str, code: int) -> Finding:
    return Finding("FAIL", what, found, code)
