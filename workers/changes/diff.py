"""What differs between two versions of a record.

Objects are compared property by property, arrays as whole values. Absent and null are the same (CHOICE-38), at every
depth. `changeVersion` is left out: it differs always and says nothing. So is an external reference that only one of the two
shows: it comes and goes with the configuration, and with the channel.
"""

from __future__ import annotations

from typing import Any

from workers.changes.envelope import FieldChange

_IGNORED = frozenset({"changeVersion"})
_REFERENCES = "externalReferences"


def diff(before: dict[str, Any], after: dict[str, Any]) -> list[FieldChange]:
    """List the changes in the order of their property names.

    A path joins the names of nested properties with dots: `person.id`. A dot or backslash within a name gets a
    backslash in front.
    """
    found: list[FieldChange] = []
    _compare(before, after, "", (before.keys() | after.keys()) - _IGNORED, found)
    return found


def _compare(
    before: dict[str, Any], after: dict[str, Any], prefix: str, names: set[str], found: list[FieldChange]
) -> None:
    for name in sorted(names):
        old, new = _values(before, after, name)
        if type(old) is dict and type(new) is dict:
            _compare(old, new, f"{prefix}{_escaped(name)}.", old.keys() | new.keys(), found)
        elif not same(old, new):
            found.append(FieldChange(prefix + _escaped(name), old, new))


def same(old: Any, new: Any) -> bool:
    """JSON equality: 1 and 1.0 are one number, 1 and true are not the same, null is as good as absent."""
    if type(old) is dict and type(new) is dict:
        return all(same(*_values(old, new, name)) for name in old.keys() | new.keys())
    if type(old) is list and type(new) is list:
        return len(old) == len(new) and all(map(same, old, new))
    return bool(old == new) and (type(old) is bool) == (type(new) is bool)


def _values(before: dict[str, Any], after: dict[str, Any], name: str) -> tuple[Any, Any]:
    """The two to compare: of references those that both sides show."""
    old, new = before.get(name), after.get(name)
    if name != _REFERENCES:
        return old, new
    if type(old) is not dict or type(new) is not dict:
        return None, None
    both = old.keys() & new.keys()
    return {n: old[n] for n in both}, {n: new[n] for n in both}


def _escaped(name: str) -> str:
    if "." in name or "\\" in name:
        return name.replace("\\", "\\\\").replace(".", "\\.")
    return name
