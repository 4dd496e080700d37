"""Records that Protime was asked for a moment ago, without an answer that counts: they are not asked for again at once.

Whatever makes a partition be read again (the notification of another record, the sweep) would else ask for each of them anew, and
use up the calls that all others need.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

#: So long a record is left alone.
SECONDS: Final = 1.0
_MANY: Final = 1000


class _PutOff(NamedTuple):
    times: int
    until: float


_NEVER: Final = _PutOff(0, 0.0)


class Asks:
    """Each time a record is put off it waits twice as long, from `seconds` up to `most` (without: always `seconds`).

    `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
        *,
        most: float | None = None,
    ) -> None:
        self._seconds = seconds
        self._most = seconds if most is None else most
        self._clock = clock
        self._put_off: dict[Hashable, _PutOff] = {}
        self._prune_at = _MANY

    def due(self, about: Hashable) -> bool:
        return self._clock() >= self._put_off.get(about, _NEVER).until

    def put_off(self, about: Hashable) -> None:
        now = self._clock()
        if len(self._put_off) >= self._prune_at:
            self._prune(now)
        times = self._put_off.get(about, _NEVER).times + 1
        self._put_off[about] = _PutOff(
            times, now + min(self._most, self._seconds * 2.0 ** min(times - 1, 30))
        )

    def over(self, about: Hashable) -> None:
        """It was answered: the next time it is put off is the first one again."""
        self._put_off.pop(about, None)

    def _prune(self, now: float) -> None:
        """How often one was put off is known until it could have been asked for once more."""
        kept = 0.0 if self._most == self._seconds else self._most
        self._put_off = {a: one for a, one in self._put_off.items() if one.until + kept > now}
        # Where nothing is over yet, looking through all of them for each one more would be quadratic.
        self._prune_at = max(_MANY, 2 * len(self._put_off))
