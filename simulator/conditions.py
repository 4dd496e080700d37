"""Filters meet a collection: check an expression against its filter fields, and turn it into a predicate. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from simulator.collections.row import Category, Filter, Record
from simulator.filters import And, Condition, Constant, FilterError, Node, Or, parse

Predicate = Callable[[Record], bool]
# (name of the set, its numbers) -> the people in it; KeyError for an unknown name
NamedSets = Callable[[str, tuple[Constant, ...]], frozenset[int]]
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"


@dataclass(frozen=True)
class Window:
    """The dates that a date filter lets through; both ends belong to it, ISO strings compare as dates."""

    first: str = FIRST_DAY
    last: str = LAST_DAY

    def holds(self, day: str) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Query:
    """A checked filter."""

    matches: Predicate
    window: Window
    fields: frozenset[str]


def compile_filter(text: str | None, filters: Mapping[str, Filter], sets: NamedSets, max_days: int) -> Query:
    """Raises FilterError for everything that answers 400."""
    node = parse(text) if text else None
    conditions = list(_conditions(node)) if node else []
    for condition in conditions:
        _check(condition, filters)
    if node:
        _check_or(node, filters)
    used = frozenset(condition.field for condition in conditions)
    for name, row in filters.items():
        if row.required and name not in used:
            raise FilterError(f"The filter {name} is required")
    window = _window(conditions, filters)
    _check_range(window, filters, max_days)
    return Query(_predicate(node, filters, sets) if node else _everything, window, used)


def _everything(_record: Record) -> bool:
    return True


def _conditions(node: Node) -> Iterator[Condition]:
    if isinstance(node, Condition):
        yield node
    else:
        for part in node.parts:
            yield from _conditions(part)


def _check(condition: Condition, filters: Mapping[str, Filter]) -> None:
    row = filters.get(condition.field)
    if row is None:
        raise FilterError(f"The filter field {condition.field} is unknown")
    if condition.op not in row.category.value:
        raise FilterError(f"The operator {condition.op} is not allowed on {condition.field}")
    if condition.named is not None and not row.named_sets:
        raise FilterError(f"The set {condition.named} is not allowed on {condition.field}")
    for value in condition.values:
        _check_value(condition.field, value, row)


def _check_value(name: str, value: Constant, row: Filter) -> None:
    if type(value) is not row.type:
        raise FilterError(f"The value of {name} must be of type {row.type.__name__}")
    if row.choices and value not in row.choices:
        raise FilterError(f"The value of {name} must be one of {', '.join(row.choices)}")
    if row.category is Category.RANGE:
        _day(name, str(value))


def _day(name: str, text: str) -> date:
    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise FilterError(f"The value of {name} must be a date YYYY-MM-DD")


def _check_or(node: Node, filters: Mapping[str, Filter]) -> None:
    """`or` is legal on fields of category Multiple only."""
    if isinstance(node, Condition):
        return
    for condition in _conditions(node) if isinstance(node, Or) else ():
        if filters[condition.field].category is not Category.MULTIPLE:
            raise FilterError(f"The operator or is not allowed on {condition.field}")
    for part in node.parts:
        _check_or(part, filters)


def _window(conditions: list[Condition], filters: Mapping[str, Filter]) -> Window:
    first, last = FIRST_DAY, LAST_DAY
    for condition in conditions:
        if filters[condition.field].category is Category.RANGE:
            value = str(condition.values[0])
            first = max(first, value) if condition.op in ("ge", "eq") else first
            last = min(last, value) if condition.op in ("le", "eq") else last
    return Window(first, last)


def _check_range(window: Window, filters: Mapping[str, Filter], max_days: int) -> None:
    """CHOICE-07: the cap acts only when both ends are given."""
    if window.first == FIRST_DAY or window.last == LAST_DAY:
        return
    days = (date.fromisoformat(window.last) - date.fromisoformat(window.first)).days
    if days > max_days and any(row.max_days for row in filters.values()):
        raise FilterError("The provided date range is invalid: at most one year")


def _predicate(node: Node, filters: Mapping[str, Filter], sets: NamedSets) -> Predicate:
    if isinstance(node, Condition):
        return _comparison(node, filters[node.field].path, sets)
    parts = [_predicate(part, filters, sets) for part in node.parts]
    if isinstance(node, And):
        return lambda record: all(part(record) for part in parts)
    return lambda record: any(part(record) for part in parts)


def _comparison(condition: Condition, path: str, sets: NamedSets) -> Predicate:
    # Only dates are compared by size, and ISO dates compare as strings do.
    bound = str(condition.values[0])
    if condition.op == "ge":
        return lambda record: (found := at(record, path)) is not None and str(found) >= bound
    if condition.op == "le":
        return lambda record: (found := at(record, path)) is not None and str(found) <= bound
    wanted = frozenset(condition.values)
    if condition.named is not None:
        try:
            wanted = frozenset(sets(condition.named, condition.values))
        except KeyError:
            raise FilterError(f"The set {condition.named} is unknown") from None
    return lambda record: at(record, path) in wanted


def at(record: Record, path: str) -> Constant | None:
    """Return the value behind a dotted path: `person.id`; None where a part is missing."""
    found: Constant | Record | None = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return None if isinstance(found, dict) else found
