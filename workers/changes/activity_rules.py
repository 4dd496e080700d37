"""The rule about activities."""

from __future__ import annotations

from typing import Any

from workers.changes.rules import Update


def activity_changed(update: Update) -> bool:
    """Other activities; neither the order of the levels nor external references count."""
    if "activityLevels" not in update.paths:
        return False
    return _activities(update.before.body) != _activities(update.after.body)


def _activities(body: dict[str, Any]) -> list[str]:
    levels = body.get("activityLevels")
    items = levels if isinstance(levels, list) else [levels]
    return sorted(repr(_activity(item)) for item in items if item is not None)


def _activity(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    definition = item.get("activityDefinition")
    return item.get("level"), definition.get("id") if isinstance(definition, dict) else definition
