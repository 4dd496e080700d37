"""The `externalReferences` parameter: `(people,@employee-number)(activity-definitions,@data-entry-code)`.

Predefined names start with `@` and are fixed; any other name is a custom one of the tenant (protime-api §3.7, §10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from workers.protime.collections import COLLECTIONS
from workers.protime.errors import Invalid

#: Pairs of (collection, reference), or a collection's reference or references by its name, or the finished text.
References = Mapping[str, str | Sequence[str]] | Iterable[tuple[str, str]] | str

PREDEFINED: Mapping[str, frozenset[str]] = {
    "people": frozenset({"@badge-number", "@employee-number"}),
    "activity-definitions": frozenset({"@data-entry-code", "@external-reference"}),
    "absence-definitions": frozenset({"@absence-code"}),
    "counter-definitions": frozenset({"@counter-code"}),
    "shift-definitions": frozenset({"@shift-code"}),
    "terminals": frozenset({"@external-code"}),
    "circles": frozenset(),
    "groups": frozenset(),
    "absence-groups": frozenset(),
    "counter-groups": frozenset(),
}

_NAME = re.compile(r"@?[^\s@(),&#]+")


class ReferenceRefused(Invalid, ValueError):
    """Protime would refuse this specification; nothing was sent."""


def specification(collection: str, references: References | None, *, events: bool = False) -> str:
    """The unencoded parameter value for requests to `collection`, "" for none.

    A text is taken as it is. `events`: for deltas and webhooks, where some collections carry no references.
    Raises ReferenceRefused.
    """
    if not references:
        return ""
    if isinstance(references, str):
        return references
    written = [_pair(collection, of, name) for of, name in _pairs(references)]
    known = COLLECTIONS.get(collection)
    if events and written and known and not known.event_references:
        raise ReferenceRefused(f"deltas and webhooks of {collection} carry no external references")
    return "".join(dict.fromkeys(written))


def _pairs(
    references: Mapping[str, str | Sequence[str]] | Iterable[tuple[str, str]],
) -> Iterable[tuple[str, str]]:
    if not isinstance(references, Mapping):
        return references
    return [
        (of, name)
        for of, names in references.items()
        for name in ([names] if isinstance(names, str) else names)
    ]


def _pair(collection: str, of: str, name: str) -> str:
    if of not in PREDEFINED:
        raise ReferenceRefused(f"{of!r} has no external references; {_one_of(PREDEFINED)} have")
    known = COLLECTIONS.get(collection)
    if known and known.references is not None and of not in known.references:
        raise ReferenceRefused(f"{collection} takes references to {_one_of(known.references)}, not to {of}")
    if not _NAME.fullmatch(name):
        raise ReferenceRefused(f"{name!r} is not a reference name")
    if name.startswith("@") and name not in PREDEFINED[of]:
        predefined = _one_of(PREDEFINED[of]) if PREDEFINED[of] else "none"
        raise ReferenceRefused(f"{name} is not predefined for {of} (predefined: {predefined})")
    return f"({of},{name})"


def _one_of(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
