"""How much of a replay goes out at a time, and how long live traffic has the sink to itself after it. Pure.

A live event of the same partition waits for the batch that is under way, so a batch is as large as the sink takes within a
few milliseconds. It is no smaller than what goes out side by side in the time of one event, or half of what one live
delivery may carry: less would hardly be quicker.
"""

from __future__ import annotations

_GOAL_SECONDS = 0.01
_MOST_SCANNED = 500
#: Events that go out side by side where a delivery carries one.
_SINGLES = 8


class Pace:
    """Of one sink in one process. `size`: events to send at a time; `scan`: events to look at for that."""

    def __init__(self, batch: int) -> None:
        self._least, self._most = max(batch // 2, _SINGLES), max(batch, _SINGLES)
        self.size = self.scan = self._least

    def took(self, seconds: float, *, sent: int, looked_at: int) -> None:
        """After a batch; `seconds` is the sink's time alone.

        Where few of the events that were looked at are wanted, more are looked at next time.
        """
        if sent and seconds > 2 * _GOAL_SECONDS:
            self.size = max(self._least, self.size // 2)
        elif sent >= self.size and seconds < _GOAL_SECONDS:
            self.size = min(self._most, self.size * 2)
        few = sent < self.size and looked_at >= self.scan
        self.scan = min(_MOST_SCANNED, self.scan * 2) if few else max(self.size, self.scan // 2)

    @staticmethod
    def pause(seconds: float) -> float:
        """Seconds to rest after a turn that took so long: a replay has a third of the time at most."""
        return 2 * seconds
