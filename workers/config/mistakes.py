"""What a wrong configuration raises, and how a path in it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pydantic_core import PydanticCustomError

OWN = "shiftwire"

Path = tuple[str | int, ...]
"""Where a value stands: keys of mappings, and positions in lists counted from 0."""


class ConfigError(Exception):
    """The configuration cannot be used.

    `problems` holds a line for each mistake: `path.to.key: what is wrong. What to do.`
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def mistake(text: str) -> PydanticCustomError:
    """A finding of one of our own validators; `text` is shown as it is, so it never quotes the value."""
    return PydanticCustomError(OWN, "{text}", {"text": text})


def line(path: Path, text: str) -> str:
    """One entry of `ConfigError.problems`."""
    return f"{written(path) or 'the top level'}: {text}"


def written(path: Path) -> str:
    """`tenants.acme.keys[0]`; a key with other characters than letters, digits, - and _ stands in quotes."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def suggestion(given: str, known: Iterable[str], *, label: str) -> str:
    """The nearest of the known names as a question, or else all of them."""
    names = list(known)
    near = get_close_matches(given, names, n=1)
    return f'Did you mean "{near[0]}"?' if near else f"{label}: {', '.join(names)}."


def _key(part: str) -> str:
    return part if re.fullmatch(r"[\w-]+", part) else ascii(part[:60])
