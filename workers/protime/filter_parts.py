"""Splits a filter with a long list into several that fit into a URL (4,096 characters, protime-api §3.5). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from workers.protime import links
from workers.protime.filters import And, Condition, Constant, Expression, FilterError, constant


def split(where: Expression, room: int) -> list[Expression]:
    """Filters that together mean `where`, each at most `room` characters when encoded.

    The longest `in` list outside of any `or` is divided; a value that stands in it twice is kept once, so that no part
    repeats another's records. Without such a list `where` comes back alone, however long it is.
    Raises FilterError when not even one value has room.
    """
    if _length(where) <= room:
        return [where]
    parts, longest = _longest_list(where)
    if longest is None:
        return [where]
    values = list(dict.fromkeys(longest.values))
    room_for_list = room - (_length(where) - sum(map(_size, longest.values)))
    return [_with(parts, longest, replace(longest, values=some)) for some in _chunks(values, room_for_list)]


def halves(where: Expression) -> list[Expression]:
    """Two filters that together mean `where`; none when it has no list of several values to divide."""
    parts, longest = _longest_list(where)
    values = () if longest is None else tuple(dict.fromkeys(longest.values))
    if longest is None or len(values) < 2:
        return []
    middle = len(values) // 2
    return [
        _with(parts, longest, replace(longest, values=some)) for some in (values[:middle], values[middle:])
    ]


def _longest_list(where: Expression) -> tuple[Sequence[Expression], Condition | None]:
    """The parts that all must hold, and of those the longest list."""
    parts = where.parts if isinstance(where, And) else (where,)
    lists = [part for part in parts if isinstance(part, Condition) and part.op == "in"]
    return parts, max(lists, key=_length, default=None)


def _with(parts: Iterable[Expression], old: Condition, new: Condition) -> Expression:
    replaced = tuple(new if part is old else part for part in parts)
    return And(replaced) if len(replaced) > 1 else new


def _chunks(values: list[Constant], room: int) -> Iterator[tuple[Constant, ...]]:
    chunk: list[Constant] = []
    left = room
    for value in values:
        if _size(value) > room:
            raise FilterError("the filter is too long for a URL even with a single value of its list")
        if _size(value) > left:
            yield tuple(chunk)
            chunk, left = [], room
        chunk.append(value)
        left -= _size(value)
    yield tuple(chunk)


def _size(value: Constant) -> int:
    return len(links.value(constant(value))) + 1  # and its comma


def _length(where: Expression) -> int:
    return len(links.value(str(where)))
