"""The effective configuration for the log: complete, and without anything that opens a door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import SecretBytes, SecretStr

from workers.config.mistakes import Path
from workers.config.model import Config

MASK: Final = "***"

_SECRET_NAME: Final = re.compile(
    r"secret|passw|passphrase|token|credential|authorization|api_?key|private_?key|^keys?$|^headers$|^dsn$",
    re.IGNORECASE,
)
_ADDRESS_NAME: Final = re.compile(r"urls?$|^servers$|^brokers?$|^bootstrap", re.IGNORECASE)
_SCHEME = r"(?:https?|wss?|rediss?|unix|amqps?|nats|tls|mqtts?|tcp|ssl|postgres(?:ql)?|kafka)"
_PLAIN_SCHEME: Final = re.compile(_SCHEME, re.IGNORECASE)
_HARMLESS: Final = re.compile(rf"{_SCHEME}://[A-Za-z0-9.-]+(?::\d+)?/?", re.IGNORECASE)
_ASSIGNMENT: Final = re.compile(
    r"((?:password|passwd|pwd|secret|token|api_?key)\s*=\s*)('(?:\\.|[^'\\])*'|[^\s;&]+)", re.IGNORECASE
)
_BARE_LOGIN: Final = re.compile(r"^[^/\s@]+:\S*@")
_QUERY_VALUE: Final = re.compile(r"((?:^|[&;])[^=&;]*=)[^&;]*")
# A part of a path that looks like chance is what opens it, as with the webhooks of chat services and our own.
_CHANCE: Final = re.compile(r"(?<=/)(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[\w~.-]{16,}(?=/|$)")


def is_secret(path: Path) -> bool:
    """Whether the names on the way to a value say that it is a secret, or an address that may hold one."""
    return _is_named(path, _SECRET_NAME) or _is_named(path, _ADDRESS_NAME)


def masked(config: Config) -> dict[str, Any]:
    """Plain JSON types with every key of the configuration; secrets, also inside addresses, are "***"."""
    plain: dict[str, Any] = _plain(config.model_dump(mode="python"), ())
    return plain


def mask_text(text: str) -> str:
    """User names, passwords, query values and tokens of an address, and `password=…`, replaced."""
    text = _ASSIGNMENT.sub(rf"\1{MASK}", text)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return _BARE_LOGIN.sub(f"{MASK}@", text)
    if all(_HARMLESS.fullmatch(part) for part in re.split(r"[\s,]+", text)):
        return text
    if "://" in rest or not _PLAIN_SCHEME.fullmatch(scheme):
        return f"{scheme.split(':')[0]}://{MASK}"
    return f"{scheme}://{_mask_after_scheme(rest)}"


def _mask_after_scheme(rest: str) -> str:
    # As much as possible counts as user information: a password may hold "/", "?" or "@".
    rest = re.sub(r"^.*@", f"{MASK}@", rest, flags=re.DOTALL)
    rest = re.sub(r"#.*$", "", rest, flags=re.DOTALL)
    address, question, query = rest.partition("?")
    values = _QUERY_VALUE.sub(rf"\1{MASK}", query) if "=" in query else MASK if query else ""
    return f"{_CHANCE.sub(MASK, address)}{question}{values}"


def _plain(value: Any, path: Path) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, (*path, str(key))) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, path) for inner in value]
    if isinstance(value, SecretStr | SecretBytes) or _is_named(path, _SECRET_NAME):
        return MASK
    if isinstance(value, int | float):
        return int(value) if isinstance(value, float) and value.is_integer() else value
    return mask_text(str(value))


def _is_named(path: Path, names: re.Pattern[str]) -> bool:
    # The second part is the name of a tenant or of a sink, which says nothing about what is below.
    own_name = 1 if path[:1] in {("tenants",), ("sinks",)} else None
    return any(isinstance(part, str) and names.search(part) for at, part in enumerate(path) if at != own_name)
