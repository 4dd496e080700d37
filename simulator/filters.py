"""The filter grammar of the Protime API: text in, syntax tree out. Pure.

    expression = term { "or" term }          condition = field ("eq"|"ge"|"le") constant
    term       = condition { "and" condition }         | field "in" [name] "(" constant {"," constant} ")"
                                                       | "(" expression ")"

Keywords are lower case (CHOICE-05); a quote inside a string is doubled (CHOICE-04).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<word>[A-Za-z][\w-]*)|(?P<mark>[(),]))"
)
OPERATORS = ("eq", "ge", "le", "in")
KEYWORDS = (*OPERATORS, "and", "or", "true", "false")
Constant = int | str | bool


class FilterError(ValueError):
    """The expression does not follow the grammar or the rules of its collection."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`field op values`; `named` is the set behind `in`, such as `circle`."""

    field: str
    op: str
    values: tuple[Constant, ...]
    named: str | None = None


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


Node = Condition | And | Or


def parse(text: str) -> Node:
    """Parse a whole expression. Raises FilterError with the position of the mistake."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0

    def whole(self) -> Node:
        node = self.expression()
        if self.at < len(self.tokens):
            self.fail("unexpected text")
        return node

    def expression(self) -> Node:
        parts = [self.term()]
        while self.accept("word", "or"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def term(self) -> Node:
        parts = [self.condition()]
        while self.accept("word", "and"):
            parts.append(self.condition())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def condition(self) -> Node:
        if self.accept("mark", "("):
            node = self.expression()
            self.expect("mark", ")")
            return node
        field = self.identifier()
        op = self.expect("word")
        if op not in OPERATORS:
            self.fail(f"'{op}' is not an operator")
        if op == "in":
            named = None if self.peek() == ("mark", "(") else self.identifier()
            return Condition(field, op, self.values(), named)
        return Condition(field, op, (self.constant(),))

    def values(self) -> tuple[Constant, ...]:
        self.expect("mark", "(")
        found = [self.constant()]
        while self.accept("mark", ","):
            found.append(self.constant())
        self.expect("mark", ")")
        return tuple(found)

    def identifier(self) -> str:
        word = self.expect("word")
        if word in KEYWORDS:
            self.fail(f"'{word}' is a keyword")
        return word

    def constant(self) -> Constant:
        kind, text = self.peek()
        self.at += 1
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if kind != "word" or text not in ("true", "false"):
            self.fail("a constant is missing")
        return text == "true"

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def accept(self, kind: str, text: str) -> bool:
        found = self.peek() == (kind, text)
        self.at += found
        return found

    def expect(self, kind: str, text: str | None = None) -> str:
        found = self.peek()
        if found[0] != kind or (text is not None and found[1] != text):
            self.fail(f"expected {text or kind}")
        self.at += 1
        return found[1]

    def fail(self, problem: str) -> NoReturn:
        raise FilterError(f'The filter is invalid: {problem} at part {self.at + 1} of "{self.text}"')


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    end = len(text.rstrip())
    at = 0
    while at < end:
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise FilterError(f'The filter is invalid: unreadable at character {at + 1} of "{text}"')
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found
