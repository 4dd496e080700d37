"""Reads a filter somebody wrote by hand. Pure; the grammar is that of `filters` (protime-api §3.2)."""

from __future__ import annotations

import re
from typing import NoReturn

from workers.protime.filters import KEYWORDS, OPERATORS, And, Condition, Constant, Expression, FilterError, Or

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<integer>-?[0-9]{1,18}\b)|(?P<word>[A-Za-z][A-Za-z0-9_-]*)|(?P<mark>[(),])|(?P<end>$))"
)
#: Deeper nesting has no meaning in a filter.
_MOST_DEPTH = 50


def parse(text: str) -> Expression:
    """The expression `text` stands for. Raises FilterError that names the place of the mistake."""
    reader = _Reader(text)
    found = reader.expression()
    if reader.kind != "end":
        reader.fail("and, or or the end")
    return found


class _Reader:
    """One token of look-ahead: `kind` and `token`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._next = 0
        self._depth = 0
        self._advance()

    def expression(self) -> Expression:
        parts = [self._term()]
        while self._take("word", "or"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _term(self) -> Expression:
        parts = [self._condition()]
        while self._take("word", "and"):
            parts.append(self._condition())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _condition(self) -> Expression:
        if not self._take("mark", "("):
            return self._simple()
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            self.fail("fewer parentheses")
        inner = self.expression()
        self._demand("mark", ")")
        self._depth -= 1
        return inner

    def _simple(self) -> Condition:
        name = self._identifier()
        operator = self._demand("word")
        if operator not in OPERATORS:
            raise FilterError(
                f"{operator!r} in {self._text!r} is not an operator: there are only eq, ge, le and in"
            )
        if operator != "in":
            return Condition(name, operator, (self._constant(),))
        named = self._identifier() if self.kind == "word" else None
        return Condition(name, operator, self._list(), named)

    def _list(self) -> tuple[Constant, ...]:
        self._demand("mark", "(")
        values = [self._constant()]
        while self._take("mark", ","):
            values.append(self._constant())
        self._demand("mark", ")")
        return tuple(values)

    def _identifier(self) -> str:
        if self.token in KEYWORDS:
            self.fail("a name")
        return self._demand("word")

    def _constant(self) -> Constant:
        kind, text = self.kind, self.token
        if kind not in ("string", "integer") and text not in ("true", "false"):
            self.fail("a number, a quoted text, true or false")
        self._advance()
        if kind == "string":
            return text[1:-1].replace("''", "'")
        return int(text) if kind == "integer" else text == "true"

    def _take(self, kind: str, token: str) -> bool:
        found = (self.kind, self.token) == (kind, token)
        if found:
            self._advance()
        return found

    def _demand(self, kind: str, token: str | None = None) -> str:
        found = self.token
        if self.kind != kind or token not in (None, found):
            self.fail(repr(token) if token else "a name")
        self._advance()
        return found

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._next)
        if match is None or match.lastgroup is None:
            raise FilterError(f"unreadable filter at character {self._next + 1} of {self._text!r}")
        self.kind, self.token = match.lastgroup, match[match.lastgroup]
        self._at, self._next = match.start(match.lastgroup), match.end()

    def fail(self, expected: str) -> NoReturn:
        raise FilterError(f"expected {expected} at character {self._at + 1} of {self._text!r}")
