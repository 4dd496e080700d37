"""Memory for the bodies that are under way, of all senders of this process together.

What counts is what has come, not what was announced: whoever promises much and sends nothing takes no room from others. The last
quarter is for small bodies, so that notifications pass while large bodies are refused.
"""

from __future__ import annotations

import time
from typing import Final

import structlog

log = structlog.get_logger()

#: A notification of a change is a few kilobytes.
SMALL_BYTES: Final = 65_536
#: A full room is logged at most this often.
_TELL_SECONDS: Final = 1.0


class Room:
    """`most`: bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_with_large = most - most // 4
        self._tell_after = 0.0
        self.taken = 0

    def has(self, size: int, more: int) -> bool:
        """Whether a body that will have `size` bytes may get `more` now."""
        limit = self._most if size <= SMALL_BYTES else self._most_with_large
        if self.taken + more <= limit:
            return True
        self._tell()
        return False

    def take(self, size: int, more: int) -> bool:
        """As `has`; what was given is to be given back."""
        if not self.has(size, more):
            return False
        self.taken += more
        return True

    def give_back(self, size: int) -> None:
        self.taken -= size

    def _tell(self) -> None:
        if time.monotonic() >= self._tell_after:
            self._tell_after = time.monotonic() + _TELL_SECONDS
            log.warning("no room for more bodies", taken_bytes=self.taken, most_bytes=self._most)
