"""Text that is safe to log: no token, client secret or webhook key survives."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "…"

_PATTERNS = (
    # JSON Web Tokens, and delta and continuation tokens: both are base64 of JSON that begins with {"
    (re.compile(r"eyJ[\w\-+/=.%]{4,}", re.ASCII), MASK),
    (re.compile(r"(bearer\s+)[^\s\"',;]{16,}", re.IGNORECASE), rf"\1{MASK}"),
    (
        re.compile(
            r"((?:client_?secret|access_?token|(?:private|webhook)\w*key)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)
_TOKEN_PARAMETER = re.compile(r"((?:continuation|delta)Token=)[^&]*", re.IGNORECASE)
_ORIGIN = re.compile(r"^[a-z][a-z0-9+.\-]*://[^/?#]*", re.IGNORECASE)


def text(value: str, secrets: Iterable[str] = ()) -> str:
    """`value` without the given secrets and without anything that looks like one."""
    for secret in secrets:
        if secret:
            value = value.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        value = pattern.sub(replacement, value)
    return value


def clean(item: object, secrets: Iterable[str] = (), depth: int = 5) -> object:
    """The same for every text in a JSON value; what lies deeper than `depth` is left out."""
    if isinstance(item, dict | list) and not depth:
        return MASK
    if isinstance(item, dict):
        return {text(str(key), secrets): clean(value, secrets, depth - 1) for key, value in item.items()}
    if isinstance(item, list):
        return [clean(value, secrets, depth - 1) for value in item]
    return text(item, secrets) if isinstance(item, str) else item


def address(url: str) -> str:
    """Path and query of a URL for messages: no host, no user, and paging and delta tokens masked."""
    return _TOKEN_PARAMETER.sub(rf"\1{MASK}", _ORIGIN.sub("", url))
