"""Waiting for Protime before the eyes of a person: up to a bound, with a line for each wait that says why and how long."""

from __future__ import annotations

import sys
from typing import Final

from workers.protime import Patience, ProtimeError, RateLimited, Transient

#: Who wants to wait for longer repeats the command.
BOUND_SECONDS: Final = 300.0

#: It is there and cannot answer now. A host that is not there at all is a mistake more often than an outage.
_BUSY: Final = frozenset({429, 502, 503, 504})


def on_screen(total_seconds: float = BOUND_SECONDS) -> Patience:
    """For the reads of a command; what it prints as its result is left alone."""
    return Patience(total_seconds, told=tell, worth=_busy)


def _busy(error: Transient) -> bool:
    return isinstance(error, RateLimited) or error.status in _BUSY


def tell(error: ProtimeError, seconds: float) -> None:
    print(f"Waiting {max(1, round(seconds))} s for Protime: {error}", file=sys.stderr, flush=True)


def tell_of_turn() -> None:
    print(
        "Waiting for a turn: the tenant's rate limit is used up, or Protime asked for a pause.",
        file=sys.stderr,
        flush=True,
    )
