"""Settings from JSON, and changes of them: all of a change or, with an error that names the value, none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from simulator.settings import Settings


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return a copy with `changes`. Raises msgspec.ValidationError for an unknown name or a wrong value."""
    new = msgspec.convert({**msgspec.structs.asdict(settings), **changes}, Settings)
    try:
        ZoneInfo(new.timezone)
    except (ValueError, KeyError, OSError):
        raise msgspec.ValidationError(
            f"The time zone {new.timezone!r} is unknown - at `$.timezone`"
        ) from None
    return new


def read(text: str) -> Settings:
    """Read a JSON object of switches. Raises msgspec.DecodeError (ValidationError is one)."""
    return changed(Settings(), msgspec.json.decode(text, type=dict[str, Any]))


def apply(settings: Settings, changes: Mapping[str, Any]) -> None:
    """Change the live settings in place: all of `changes`, or nothing when one of them is wrong."""
    new = changed(settings, changes)
    for name in changes:
        setattr(settings, name, getattr(new, name))
