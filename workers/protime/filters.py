"""Filter expressions: built from fields, combined with `&` and `|`, written in Protime's grammar (protime-api §3.2).

    str(field("person").is_in(1, 2, 3) & field("date").between(start, end))
    person in (1,2,3) and date ge '2026-01-01' and date le '2026-01-31'

The grammar is kept by construction; what a collection allows is decided by `filter_rules`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from workers.protime.errors import Invalid

Constant = int | str | bool
#: A condition whose value is a date takes it as such, or as the text YYYY-MM-DD.
Value = Constant | date

OPERATORS = ("eq", "ge", "le", "in")
KEYWORDS = frozenset({*OPERATORS, "and", "or", "true", "false"})
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class FilterError(Invalid, ValueError):
    """Protime would refuse this filter; nothing was sent."""


class Expression:
    """A filter. `&` binds tighter than `|` in Python as in Protime; parentheses are written where they are needed."""

    __slots__ = ()

    def __and__(self, other: Expression) -> And:
        return And((*_parts(self, And), *_parts(other, And)))

    def __or__(self, other: Expression) -> Or:
        return Or((*_parts(self, Or), *_parts(other, Or)))


@dataclass(frozen=True, slots=True)
class Condition(Expression):
    """`field op value`, or `field in [named] (values)`; `named` is a set such as `circle` or `org-group`."""

    field: str
    op: str
    values: tuple[Constant, ...]
    named: str | None = None

    def __post_init__(self) -> None:
        for name in (self.field, self.named or self.field):
            if not _IDENTIFIER.fullmatch(name) or name in KEYWORDS:
                raise FilterError(f"{name!r} is not a name in a filter")
        if self.op not in OPERATORS:
            raise FilterError(f"{self.op!r} is not an operator: there are only eq, ge, le and in")
        if not self.values:
            raise FilterError(f"{self.field} in (): the list is empty")

    def __str__(self) -> str:
        if self.op != "in":
            return f"{self.field} {self.op} {constant(self.values[0])}"
        named = f"{self.named} " if self.named else ""
        return f"{self.field} in {named}({','.join(map(constant, self.values))})"


@dataclass(frozen=True, slots=True)
class And(Expression):
    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or(Expression):
    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Field:
    """A name that waits for its operator."""

    name: str

    def eq(self, value: Value) -> Condition:
        return Condition(self.name, "eq", (_plain(value),))

    def ge(self, value: Value) -> Condition:
        return Condition(self.name, "ge", (_plain(value),))

    def le(self, value: Value) -> Condition:
        return Condition(self.name, "le", (_plain(value),))

    def is_in(self, *values: Value) -> Condition:
        return Condition(self.name, "in", tuple(map(_plain, values)))

    def in_set(self, named: str, *values: Value) -> Condition:
        """Such as `field("person").in_set("org-group", 200, 201)`."""
        return Condition(self.name, "in", tuple(map(_plain, values)), named)

    def between(self, since: Value, until: Value | None = None) -> Expression:
        """From `since` to `until`, both included; open without `until`."""
        return self.ge(since) if until is None else self.ge(since) & self.le(until)


def field(name: str) -> Field:
    return Field(name)


def date_window(since: date, until: date | None = None) -> str:
    """The filter most requests need: `date ge '…' [and date le '…']`, as text."""
    return str(field("date").between(since, until))


def constant(value: Constant) -> str:
    """A constant as it is written; a quote inside a string is doubled (CHOICE-04)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _plain(value: Value) -> Constant:
    return value.isoformat() if isinstance(value, date) else value


def _parts(expression: Expression, kind: type[And | Or]) -> tuple[Expression, ...]:
    return expression.parts if isinstance(expression, kind) else (expression,)
