"""Rules about a date that is a property by itself; a placeholder such as 9999-12-31 counts as none."""

from __future__ import annotations

from typing import Any

from workers.changes.fields import day_of
from workers.changes.model import NormalizeError
from workers.changes.rules import Rule, Update


def appears(name: str) -> Rule:
    """Make a rule that holds when a date is there now and was not before."""
    return lambda update: _dates(update, name) == (False, True)


def disappears(name: str) -> Rule:
    """Make a rule that holds when a date was there before and is no longer."""
    return lambda update: _dates(update, name) == (True, False)


def redated(name: str) -> Rule:
    """Make a rule that holds when a date was there before and is another now."""
    return lambda update: _dates(update, name) == (True, True)


def _dates(update: Update, name: str) -> tuple[bool, bool] | None:
    """Whether there is a date before and after; None when it did not change."""
    if name not in update.paths:
        return None
    old, new = _day(update.before.body, name), _day(update.after.body, name)
    return None if old == new else (old is not None, new is not None)


def advances(name: str) -> Rule:
    """Make a rule that holds when a date is later than it was, or there for the first time."""
    return lambda update: _advance(update, name) > 0


def retreats(name: str) -> Rule:
    """Make a rule that holds when a date is earlier than it was, or there no longer."""
    return lambda update: _advance(update, name) < 0


def _advance(update: Update, name: str) -> int:
    if name not in update.paths:
        return 0
    return (_day(update.after.body, name) or 0) - (_day(update.before.body, name) or 0)


def _day(body: dict[str, Any], name: str) -> int | None:
    """What is no date is none here: one property of another form is no reason to withhold the change."""
    try:
        return day_of(body, name)
    except NormalizeError:
        return None
