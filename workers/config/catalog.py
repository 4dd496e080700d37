"""What Protime's collections allow, as far as a configuration can be wrong about it."""

from __future__ import annotations

from workers.protime.collections import COLLECTIONS
from workers.protime.external_references import PREDEFINED
from workers.protime.filter_rules import LONGEST_RANGE_DAYS


def is_dated(collection: str) -> bool:
    """Whether its delta needs a first date (protime-api §6.3)."""
    return COLLECTIONS[collection].dated is not None


def longest_range_days(collection: str) -> int | None:
    """How many days the range of a list may span; None: any number."""
    return LONGEST_RANGE_DAYS if COLLECTIONS[collection].year_cap else None


def reference_targets(collection: str) -> tuple[str, ...]:
    """Collections whose external references its events can carry (protime-api §10), sorted; () for none.

    Where the documentation is silent (absences, breaks, …) any collection that has references is let through:
    Protime answers 400 to a wrong one.
    """
    known = COLLECTIONS[collection]
    if not known.event_references:
        return ()
    return tuple(sorted(PREDEFINED if known.references is None else known.references))


def predefined_references(target: str) -> tuple[str, ...]:
    """The names, each with its "@", that Protime itself gives to references of `target`, sorted."""
    return tuple(sorted(PREDEFINED[target]))
