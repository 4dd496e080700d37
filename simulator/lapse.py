"""The tenant's own passing of time: `Settings.time_factor` times as fast as the world outside."""

from __future__ import annotations

from collections.abc import Callable

from simulator.settings import Settings


class Lapse:
    """Counts the tenant's seconds. They begin as the clock stands, and what has passed does not change with the factor.

    Only spans are measured with it: dates and the times in answers are those of the clock outside.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._factor = settings.time_factor
        self._outside = self._inside = clock()

    def now(self) -> float:
        """The tenant's seconds. A changed factor holds from the first call after the change."""
        outside = self._clock()
        inside = self._inside + (outside - self._outside) * self._factor
        if self._factor != self._settings.time_factor:
            self._outside, self._inside, self._factor = outside, inside, self._settings.time_factor
        return inside

    @property
    def factor(self) -> float:
        self.now()
        return self._factor

    def outside(self, inside: float) -> float:
        """When the clock outside will show (or showed) that moment, if the factor stays."""
        return self._clock() + (inside - self.now()) / self._factor  # `now` first: it takes up the factor
