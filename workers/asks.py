"""Records that Protime was asked for a moment ago, without an answer that counts: they are not asked for again at once.

Whatever makes a partition be read again (the notification of another record, the sweep) would else ask for each of them anew, and
use up the calls that all others need.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

#: So long a record is left alone.
SECONDS: Final = 1.0
_MANY: Final = 1000


class Asks:
    """`clock` gives seconds that never go back."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._not_before: dict[Hashable, float] = {}
        self._prune_at = _MANY

    def due(self, about: Hashable) -> bool:
        return self._clock() >= self._not_before.get(about, 0.0)

    def put_off(self, about: Hashable) -> None:
        now = self._clock()
        if len(self._not_before) >= self._prune_at:
            self._not_before = {one: at for one, at in self._not_before.items() if at > now}
            # Where nothing is over yet, looking through all of them for each one more would be quadratic.
            self._prune_at = max(_MANY, 2 * len(self._not_before))
        self._not_before[about] = now + self._seconds
