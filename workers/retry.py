"""How long to wait before trying again: pure arithmetic."""

from __future__ import annotations

_JITTER = 0.25


def delay(
    attempt: int, *, least: float, most: float, chance: float, retry_after: float | None = None
) -> float:
    """Seconds to wait after the `attempt`-th failure (1 = the first).

    Doubles from `least` up to `most`, plus up to a quarter as jitter that only adds (`chance` in 0…1). A `Retry-After`
    moves it later, never earlier, and never past `most`.
    """
    planned = min(most, least * 2.0 ** min(attempt - 1, 30))
    asked = min(retry_after or 0.0, most)
    return max(planned, asked) * (1 + _JITTER * chance)


def longest(most: float) -> float:
    """Seconds that no delay is longer than."""
    return most * (1 + _JITTER)
