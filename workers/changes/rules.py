"""The rules that tell one kind of update from another; each looks at the record before and after.

A rule never fails: what it cannot read says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import msgspec

from workers.changes import people
from workers.changes.record import Record


class Update(msgspec.Struct, frozen=True):
    """`paths` are those of the properties that differ."""

    before: Record
    after: Record
    paths: frozenset[str]


Fact = Callable[[Record], bool]
Rule = Callable[[Update], bool]


def is_one_of(name: str, *values: str) -> Fact:
    """Make a fact that holds of a record whose property has one of the values."""
    return lambda record: record.body.get(name) in values


def is_set(name: str) -> Fact:
    """Make a fact that holds of a record whose switch is on; absent is off."""
    return lambda record: record.body.get(name) is True


def becomes(fact: Fact) -> Rule:
    """Make a rule that holds when the fact holds now and did not before."""
    return lambda update: fact(update.after) and not fact(update.before)


def ceases(fact: Fact) -> Rule:
    """Make a rule that holds when the fact held before and does no longer."""
    return lambda update: fact(update.before) and not fact(update.after)


def differs(*paths: str) -> Rule:
    """Make a rule that holds when any of the properties differs."""
    return lambda update: not update.paths.isdisjoint(paths)


def reassigned(update: Update) -> bool:
    return update.before.person != update.after.person


def refers_elsewhere(*names: str) -> Rule:
    """Make a rule that holds when a reference leads to another record; its external references do not count."""
    return differs(*names, *(f"{name}.id" for name in names))


def replaced(*names: str) -> Rule:
    """Make a rule that holds when a reference led to one record before, and leads to another now."""
    return lambda update: any(_replaced(update, name) for name in names)


def _replaced(update: Update, name: str) -> bool:
    old, new = (_reference(record.body.get(name)) for record in (update.before, update.after))
    return old is not None and new is not None and old != new


def _reference(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else None


def grew(name: str) -> Rule:
    """Make a rule that holds when a number is larger than it was."""
    return lambda update: _growth(update, name) > 0


def shrank(name: str) -> Rule:
    """Make a rule that holds when a number is smaller than it was."""
    return lambda update: _growth(update, name) < 0


def _growth(update: Update, name: str) -> float:
    old, new = update.before.body.get(name), update.after.body.get(name)
    return new - old if _is_number(old) and _is_number(new) else 0


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def personal(group: str) -> Rule:
    """Make a rule that holds when a group of a person's fields changed, even if they may not leave."""

    def holds(update: Update) -> bool:
        groups = people.changed_groups(update.before.traces, update.after.traces)
        return group in groups if groups is not None else not update.paths.isdisjoint(people.GROUPS[group])

    return holds
