"""Whether a value came back from Protime as it was written: small differences in writing do not count. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

_DAY_MINUTES = 1440
#: About ten centimetres: coordinates may come back rounded.
_DEGREES = 1e-6


def alike(written: Any, kept: Any) -> bool:
    """All that was written is there; of objects and lists there may be more."""
    if kept is None:
        # Zero, false and nothing at all may come back as absent.
        return not written
    if isinstance(written, Mapping):
        return isinstance(kept, Mapping) and all(alike(value, kept.get(n)) for n, value in written.items())
    if isinstance(written, list):
        return isinstance(kept, list) and all(any(alike(item, k) for k in kept) for item in written)
    if isinstance(kept, float) or isinstance(written, float):
        return _close(written, kept)
    if isinstance(written, str) and isinstance(kept, str):
        return written.strip().casefold() == kept.strip().casefold()
    return bool(written == kept)


def wall_minutes(record: Mapping[str, Any], day: str, minutes: str) -> int:
    """Wall-clock minutes, whichever day they are counted from (protime-api §11.1)."""
    return date.fromisoformat(record[day]).toordinal() * _DAY_MINUTES + int(record[minutes])


def _close(written: Any, kept: Any) -> bool:
    try:
        return math.isclose(float(written), float(kept), abs_tol=_DEGREES)
    except (TypeError, ValueError):
        return False
