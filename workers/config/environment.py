"""Puts values of the environment into the texts of a parsed configuration.

`${NAME}` must be set, `${NAME:-default}` falls back when NAME is unset or empty, `$$` is one `$`. Only values of
mappings and lists are expanded, never keys, and only after YAML has been read: no value can add keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from workers.config.mistakes import Path

_DEPTH: Final = 32
_MARK: Final = re.compile(r"\$\$|\$\{([^}]*)\}|\$\{")
_EXPRESSION: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:-)(.*))?", re.DOTALL)


@dataclass
class Expanded:
    """`data` with plain dicts and lists. `from_environment`: paths whose value must never be shown.

    `failed`: paths that have a problem already, so that their type is not complained about as well.
    """

    data: Any = None
    problems: list[tuple[Path, str]] = field(default_factory=list)
    from_environment: set[Path] = field(default_factory=set)
    failed: set[Path] = field(default_factory=set)


def expand(data: Any, environ: Mapping[str, str] | None) -> Expanded:
    """Without `environ` texts stay as they are."""
    result = Expanded()
    result.data = _value(data, (), environ, result)
    return result


def _value(value: Any, path: Path, environ: Mapping[str, str] | None, result: Expanded) -> Any:
    if len(path) > _DEPTH:
        return _fail(result, path[:3], "is nested too deeply.")
    if isinstance(value, Mapping):
        return _mapping(value, path, environ, result)
    if isinstance(value, list | tuple):
        return [_value(item, (*path, index), environ, result) for index, item in enumerate(value)]
    if isinstance(value, str) and not _is_unicode(value):
        return _fail(result, path, "holds a character that does not exist. Save the file as UTF-8.")
    if isinstance(value, str) and environ is not None:
        return _text(value, path, environ, result)
    return value


def _mapping(
    value: Mapping[Any, Any], path: Path, environ: Mapping[str, str] | None, result: Expanded
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(key, str) and _is_unicode(key):
            kept[key] = _value(inner, (*path, key), environ, result)
        else:
            result.problems.append((path, f"has a key that is {_kind_of_key(key)}. Put the key in quotes."))
    return kept


def _kind_of_key(key: Any) -> str:
    return "true or false to YAML (yes, no, on, off)" if isinstance(key, bool) else "not a text"


def _is_unicode(text: str) -> bool:
    # Half of a surrogate pair is a str to Python, and to nobody else.
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _text(value: str, path: Path, environ: Mapping[str, str], result: Expanded) -> str:
    def put(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        expression = _EXPRESSION.fullmatch(found[1] or "")
        if expression is None:
            return _fail(
                result,
                path,
                "has a malformed ${…}. Write ${NAME} or ${NAME:-default}, and $$ for a single $.",
            )
        name, has_default, default = expression.groups()
        if has_default and not environ.get(name):
            return str(default)
        if name not in environ:
            return _fail(
                result,
                path,
                f"environment variable {name} is not set. Set it, or write ${{{name}:-default}}.",
            )
        if not _is_unicode(environ[name]):
            return _fail(
                result,
                path,
                f"environment variable {name} is not UTF-8. Set it in UTF-8, in a locale that is (LC_ALL=C.UTF-8).",
            )
        result.from_environment.add(path)
        return environ[name]

    return _MARK.sub(put, value)


def _fail(result: Expanded, path: Path, text: str) -> str:
    if (path, text) not in result.problems:
        result.problems.append((path, text))
    result.failed.add(path)
    return ""
