"""The rate limit: calls of one client within one minute (CHOICE-14)."""

from __future__ import annotations

import math

MINUTE = 60.0


class RateLimit:
    """A fixed window for each client, opened by its first call."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}

    def wait(self, client: str, per_minute: int, now: float, minute: float = MINUTE) -> int:
        """Count a call; return 0, or the seconds to wait when it is one too many. `minute`: the window's length in seconds."""
        if per_minute <= 0:
            return 0
        opened, count = self._windows.get(client, (now, 0))
        if now - opened >= minute:
            opened, count = now, 0
        if count >= per_minute:
            return max(1, math.ceil(opened + minute - now))
        self._windows[client] = (opened, count + 1)
        return 0
