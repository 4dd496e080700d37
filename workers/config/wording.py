"""The findings of pydantic in the words of a user, without any value that could be a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from workers.config.environment import Expanded
from workers.config.masking import is_secret
from workers.config.mistakes import OWN, Path, suggestion
from workers.config.shape import Shape, texts
from workers.config.sink_choice import HasOptions

# The first word of pydantic's name for a finding -> what to say.
_WORDS: Final = {
    "int": "must be a whole number",
    "float": "must be a number",
    "finite": "must be a finite number",
    "bool": "must be true or false",
    "string": "must be a text",
    "list": "must be a list",
    "tuple": "must be a list",
    "set": "must be a list",
    "dict": "must be a mapping (keys and values)",
    "mapping": "must be a mapping (keys and values)",
    "model": "must be a mapping (keys and values)",
    "path": "must be a path",
    "date": "must be a date such as 2026-01-01",
    "url": "must be an address such as https://example.com",
}
_IN_FULL: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "greater_than": lambda context: f"must be more than {context['gt']}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than": lambda context: f"must be less than {context['lt']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "multiple_of": lambda context: f"must be a multiple of {context['multiple_of']}",
    "too_short": lambda context: _at_least(context["min_length"], "entries"),
    "string_too_short": lambda context: _at_least(context["min_length"], "characters"),
    "too_long": lambda context: f"can have at most {context['max_length']} entries",
    "string_too_long": lambda context: f"can have at most {context['max_length']} characters",
    "string_pattern_mismatch": lambda context: f"must have the form {context['pattern']}",
}
# So many words of a choice are all named; of more, the nearest.
_FEW: Final = 6
# Only what should be a number, a switch or one of a few words is repeated: nobody writes a secret there on purpose.
_REPEATED: Final = ("int", "float", "bool", "literal", "enum", "greater", "less")


class Wording:
    """`registry` tells which keys a sink of a kind has."""

    def __init__(self, expanded: Expanded, registry: Mapping[str, HasOptions]) -> None:
        self._shape = Shape(expanded.data, registry)
        self._from_environment = expanded.from_environment
        self._failed = expanded.failed

    def of(self, error: ValidationError) -> list[tuple[Path, str]]:
        """Path and text of each finding, in pydantic's order, each once."""
        found = [self._one(details) for details in error.errors(include_url=False) if not _is_echo(details)]
        return [
            (path, text)
            for path, text in dict.fromkeys(found)
            if not self._follows_from_a_failure(path, text)
        ]

    def _one(self, details: ErrorDetails) -> tuple[Path, str]:
        kind, text = details["type"], details["msg"]
        path = self._shape.place(details["loc"], missing=kind == "missing")
        if kind == "extra_forbidden":
            text = f"unknown key. {suggestion(str(path[-1]), self._keys(path[:-1]), label='Known here')}"
        elif kind == "missing":
            text = f"is missing. Add {self._description(path)}."
        elif kind in {"value_error", "assertion_error"}:
            text = f"{self._without_secrets(str(details['ctx']['error']), path)}."
        elif kind != OWN:
            text = self._in_words(details, path)
        return path, text

    def _follows_from_a_failure(self, path: Path, text: str) -> bool:
        """The value, or an entry of the list, could not be expanded: that has been said, its type is no news."""
        entry_failed = any(
            failed[:-1] == path and isinstance(failed[-1], int) for failed in self._failed if failed
        )
        return (path in self._failed or entry_failed) and not text.startswith("unknown")

    def _in_words(self, details: ErrorDetails, path: Path) -> str:
        kind, value, context = details["type"], details["input"], details.get("ctx", {})
        shown = _repeated(value) if kind.startswith(_REPEATED) and not self._is_hidden(path) else _kind(value)
        if kind in {"literal_error", "enum"}:
            return _choice(context["expected"], value, shown)
        if kind.endswith(("_short", "_long")):
            return f"{_wrong(kind, context)}."
        hint = " Put it in quotes." if kind == "string_type" and isinstance(value, int | float) else ""
        return f"{_wrong(kind, context)}, but {shown} was given.{hint}"

    def _is_hidden(self, path: Path) -> bool:
        return is_secret(path) or any(found[: len(path)] == path for found in self._from_environment)

    def _without_secrets(self, text: str, path: Path) -> str:
        """The words of a sink's own check. They should not quote a secret; if they do, it is taken out."""
        for place, value in texts(self._shape.at(path), path):
            if self._is_hidden(place):
                text = _without(value, text)
        return text.removesuffix(".")

    def _keys(self, path: Path) -> list[str]:
        return list(self._shape.model(path).model_fields)

    def _description(self, path: Path) -> str:
        field = self._shape.model(path[:-1]).model_fields.get(str(path[-1]))
        return (field and field.description) or f"`{path[-1]}: …`"


def _without(secret: str, text: str) -> str:
    """`text` without the secret, and without quoted parts of it, such as the port an address seems to have."""
    text = text.replace(secret, "***") if len(secret) > 3 else text
    return re.sub(r"""(['"])(.+?)\1""", lambda quoted: "***" if quoted[2] in secret else quoted[0], text)


def _is_echo(details: ErrorDetails) -> bool:
    """A list counts as too short to pydantic when its entries are wrong; they have their own findings."""
    given = details["input"]
    return (
        details["type"] == "too_short"
        and isinstance(given, list)
        and len(given) >= details["ctx"]["min_length"]
    )


def _choice(expected: str, value: Any, shown: str) -> str:
    """`expected` is pydantic's list of the possible words: 'a', 'b' or 'c'."""
    words = re.findall(r"'([^']*)'", expected)
    if len(words) <= _FEW:
        return f"must be {expected}, but {shown} was given.".replace("'", '"')
    return f"{shown} is not known here. {suggestion(str(value), words, label='Known')}"


def _wrong(kind: str, context: dict[str, Any]) -> str:
    in_full = _IN_FULL.get(kind)
    return in_full(context) if in_full else _WORDS.get(kind.partition("_")[0], "does not have the right form")


def _at_least(count: int, things: str) -> str:
    return "must not be empty" if count == 1 else f"needs at least {count} {things}"


def _repeated(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value) if abs(value) < 1e15 else "a number beyond reason"
    if isinstance(value, str) and len(value) <= 40 and value.isprintable() and "://" not in value:
        return f'"{value}"'
    return _kind(value)


def _kind(value: Any) -> str:
    # bool before int: a bool is an int to Python.
    names = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    if value is None:
        return "nothing"
    return next((name for kind, name in names.items() if isinstance(value, kind)), "something else")
