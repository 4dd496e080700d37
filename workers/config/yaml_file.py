"""Reads a YAML file: safe types only, no key twice, and `${NAME}` without quotes wherever a value can stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from workers.config.mistakes import ConfigError

# YAML would read the brace of `{ token: ${NAME} }` as the beginning of a mapping. Each expression is therefore replaced
# while YAML looks at the text, by as many characters of the private planes, so that line and column stay true.
_EXPRESSION: Final = re.compile(r"\$\$|\$\{[^}\n]*\}")
_FIRST_STAND_IN: Final = 0xF0000
_FILLER: Final = "\U0010f000"
_HINTS: Final = {
    "@": "Put the value in quotes.",
    "%": "Put the value in quotes.",
    "\t": "Indent with blanks.",
}


def read(path: Path) -> Any:
    """What the file holds. Raises `ConfigError` with all duplicate keys, or the place of the first syntax error."""
    text = _text_of(path)
    duplicates: list[str] = []
    try:
        data = _parsed(text, duplicates)
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: {_explained(error, text)}"]) from None
    except (ValueError, OverflowError, TypeError, LookupError):
        # A date or number that YAML recognizes by its shape and Python cannot hold, such as 2026-02-30.
        raise ConfigError(
            [f"{path}: holds a date or number that does not exist. Put it right or in quotes."]
        ) from None
    except RecursionError:
        raise ConfigError([f"{path}: is nested too deeply."]) from None
    if duplicates:
        raise ConfigError([f"{path}: {duplicate}" for duplicate in duplicates])
    return data


def _parsed(text: str, duplicates: list[str]) -> Any:
    expressions: list[str] = []
    loader = _Loader(_without_expressions(text, expressions), expressions, duplicates)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: there is no such file. Name one with --config FILE or SHIFTWIRE_CONFIG."]
        ) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: is not UTF-8 text. Save it as UTF-8."]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise ConfigError([f"{path}: cannot be read ({reason})."]) from None


def _without_expressions(text: str, expressions: list[str]) -> str:
    def stand_in(found: re.Match[str]) -> str:
        if found[0] == "$$" or len(expressions) > 0xFFF0:
            return found[0]
        expressions.append(found[0])
        return chr(_FIRST_STAND_IN + len(expressions) - 1) + _FILLER * (len(found[0]) - 1)

    return _EXPRESSION.sub(stand_in, text)


class _Loader(yaml.SafeLoader):
    def __init__(self, text: str, expressions: list[str], duplicates: list[str]) -> None:
        super().__init__(text)
        self._expressions = expressions
        self._duplicates = duplicates
        self._stand_in = re.compile(f"([\U000f0000-\U000fffff]){_FILLER}+")

    def construct_scalar(self, node: Any) -> Any:
        scalar = super().construct_scalar(node)
        return self._stand_in.sub(self._restore, scalar) if isinstance(scalar, str) else scalar

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        self._note_duplicates(node)
        return node

    def _restore(self, found: re.Match[str]) -> str:
        index = ord(found[1]) - _FIRST_STAND_IN
        return self._expressions[index] if index < len(self._expressions) else found[0]

    def _note_duplicates(self, node: yaml.MappingNode) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                name, line = self._stand_in.sub(self._restore, key.value), key.start_mark.line + 1
                if name in seen:
                    again = (
                        f'line {line}: the key "{name}" stands twice, first in line {seen[name]}. Remove one.'
                    )
                    self._duplicates.append(again)
                seen.setdefault(name, line)


def _explained(error: yaml.YAMLError, text: str) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return (
            f"line {mark.line + 1}, column {mark.column + 1}: is not YAML: {_unquoting(error.problem or '')}"
        )
    line = text.count("\n", 0, getattr(error, "position", 0)) + 1
    return f"line {line}: holds a character that YAML does not allow. Remove it."


def _unquoting(problem: str) -> str:
    """The words of the parser without what it quotes from the file, which may be a secret."""
    hints = [hint for sign, hint in _HINTS.items() if f"{sign!r}" in problem]
    return " ".join([re.sub(r"""(['"])(.*?)\1""", _shortened, problem) + ".", *hints])


def _shortened(quoted: re.Match[str]) -> str:
    # Single signs and the names of the grammar, such as '<block end>', give nothing away.
    return quoted[0] if len(quoted[2]) < 2 or quoted[2].startswith(("<", "\\")) else "…"
