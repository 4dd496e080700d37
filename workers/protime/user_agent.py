"""The `User-Agent`, which Protime demands on every request: `ServiceName/Version (Company Name)`."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+ \([ -~]*[!-~][ -~]*\)", re.ASCII)


def checked(value: str) -> str:
    """`value` itself when it has the shape. Raises ValueError that says what to write."""
    if _SHAPE.fullmatch(value):
        return value
    raise ValueError(
        f"user agent {value!r}: Protime wants ServiceName/Version (Company Name) in plain ASCII, "
        "for example PeopleSyncService/v1 (Acme Corp), and another name for each service"
    )
