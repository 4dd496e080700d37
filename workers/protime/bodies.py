"""What Protime demands of a body, checked before it is sent: all mistakes at once, each with its path. Pure.

`assignments` and `clockings` hold the tables (protime-api §5, §9.1, §9.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from workers.protime.body_values import Leaf, Mistake, Value, is_day, is_whole
from workers.protime.errors import Invalid

#: Looks at several properties of a body, whatever types they have.
Rule = Callable[[Mapping[str, Any]], Iterator[Mistake]]


NO_OBJECT = Mistake("", "the body must be a JSON object")


class BodyRefused(Invalid, ValueError):
    """Protime would refuse this body; nothing was sent."""

    def __init__(self, collection: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__(f"a body for {collection} is refused: {'; '.join(map(str, mistakes))}")
        self.collection = collection
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True)
class Body:
    """The writable properties of a collection, in the order Protime's pages show them."""

    collection: str
    properties: Mapping[str, Value]
    required: frozenset[str]
    read_only: frozenset[str]
    rules: Sequence[Rule] = ()

    def leaves(self) -> Mapping[str, Leaf]:
        """The type of everything a body can hold, by dotted path."""
        return {
            f"{name}.{path}" if path else name: leaf
            for name, value in self.properties.items()
            for path, leaf in value.leaves().items()
        }

    def check(self, body: Any, *, known: frozenset[str] = frozenset()) -> None:
        """Raises BodyRefused. `known`: properties this table lacks that Protime itself has shown."""
        if found := list(self._mistakes(body, known)):
            raise BodyRefused(self.collection, found)

    def changed(self, record: Mapping[str, Any], changes: Any) -> dict[str, Any]:
        """`record` with `changes`, as the body of a PUT, which replaces everything (CHOICE-15).

        A property in `changes` replaces the whole of the old one, and None clears it. What the record has beyond this
        table is written back, read-only properties are not. Raises BodyRefused, also when `changes` would have a
        read-only property be another one: Protime would ignore that in silence.
        """
        if not isinstance(changes, dict):
            raise BodyRefused(self.collection, [NO_OBJECT])
        if fixed := [name for name in self.read_only & changes.keys() if changes[name] != record.get(name)]:
            raise BodyRefused(self.collection, [Mistake(name, "is read-only") for name in sorted(fixed)])
        merged = {**dict.fromkeys(self.properties), **record, **changes}
        body = {n: v for n, v in merged.items() if v is not None and n not in self.read_only}
        self.check(body, known=frozenset(record))
        return body

    def _mistakes(self, body: Any, known: frozenset[str]) -> Iterator[Mistake]:
        if not isinstance(body, dict):
            yield NO_OBJECT
            return
        for name, value in self.properties.items():
            if body.get(name) is not None:
                yield from value.mistakes(name, body[name])
            elif name in self.required:
                yield Mistake(name, "is required")
        for name in [n for n in body if n not in {*self.properties, *self.read_only, *known}]:
            yield Mistake(name, f"is not a property of {self.collection}{_meant(name, self.properties)}")
        for rule in self.rules:
            yield from rule(body)


def ordered(first: str, last: str) -> Rule:
    """`last` may not lie before `first` (CHOICE-39)."""

    def rule(body: Mapping[str, Any]) -> Iterator[Mistake]:
        start, end = body.get(first), body.get(last)
        comparable = (is_whole(start) and is_whole(end)) or (is_day(start) and is_day(end))
        if comparable and end < start:  # type: ignore[operator]
            yield Mistake(last, f"must not be before {first} ({end} < {start})")

    return rule


def _meant(name: str, names: Mapping[str, Value]) -> str:
    near = get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""
