"""When single records are asked for again after Protime failed to show one.

One record that fails says nothing of the others: it alone is left for longer and longer. Where Protime asks for silence, cannot
be reached, or fails with one record after the other, the whole tenant is left alone for a moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from workers.asks import Asks
from workers.protime import ProtimeError, Transient
from workers.protime.transport import LONGEST_PAUSE_SECONDS

#: Where Protime does not say how long a tenant is to be left alone.
_PAUSE_SECONDS: Final = 1.0
#: A record that fails again and again is asked for at least so often.
_LONGEST_WAIT_SECONDS: Final = 60.0
#: So many different records that fail with none between them that was answered: it is not the records.
_IN_A_ROW: Final = 8


class Pauses:
    """`clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records = Asks(_PAUSE_SECONDS, clock, most=_LONGEST_WAIT_SECONDS)
        self._in_a_row: dict[str, set[str]] = {}
        self._until: dict[str, float] = {}

    def rests(self, tenant: str, resource: str) -> bool:
        """Whether it is not to be asked for yet."""
        return self._clock() < self._until.get(tenant, 0.0) or not self._records.due((tenant, resource))

    def failed(self, tenant: str, resource: str, error: ProtimeError) -> None:
        if (seconds := seconds_for_all(error)) is not None:
            self._pause(tenant, seconds)
            return
        self._records.put_off((tenant, resource))
        row = self._in_a_row.setdefault(tenant, set())
        if len(row) < _IN_A_ROW:
            row.add(resource)
        if len(row) >= _IN_A_ROW:  # until one is answered, each one more that fails is enough
            self._pause(tenant, _PAUSE_SECONDS)

    def answered(self, tenant: str, resource: str) -> None:
        self._in_a_row.pop(tenant, None)
        self._records.over((tenant, resource))

    def _pause(self, tenant: str, seconds: float) -> None:
        self._until[tenant] = self._clock() + min(seconds, LONGEST_PAUSE_SECONDS)


def seconds_for_all(error: ProtimeError) -> float | None:
    """Seconds for which this error concerns every record; None: this one alone, as far as it says."""
    if not isinstance(error, Transient):
        return None
    # Without a status there was no answer, and a token that is not given out is missing everywhere.
    if error.status in (None, 429) or error.retry_after or error.method == "POST":
        return error.retry_after or _PAUSE_SECONDS
    return None
