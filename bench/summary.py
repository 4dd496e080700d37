"""Several rounds made one: the middle of each figure, and the sum of what must not happen at all."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

_SUMMED = frozenset({"lost", "missing", "doubled", "changes"})


def summary(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Every round has the same keys: numbers, or such objects again."""
    return {name: _one(name, [each[name] for each in rounds]) for name in rounds[0]}


def _one(name: str, values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return summary(values)
    return sum(values) if name in _SUMMED else statistics.median(values)
