"""The address of a PostgreSQL, as libpq takes it. Wherever it is shown, user, password and query stay out."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr


class PostgresUrl(SecretStr):
    """Shown as scheme, host and port: in `repr`, in a dump, in the log of the effective configuration."""

    def _display(self) -> str:
        parts = urlsplit(self.get_secret_value())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def hidden(self) -> frozenset[str]:
        """What must not appear in a text: the password as it is written and as it is meant, values of the query."""
        url = self.get_secret_value()
        parts = urlsplit(url)
        password = parts.netloc.rpartition("@")[0].partition(":")[2]
        values = [value for name, value in parse_qsl(parts.query) if re.search("pass|secret|token", name)]
        return frozenset({url, password, unquote(password), *values} - {""})


def usable(given: PostgresUrl) -> PostgresUrl:
    """The URL itself. Raises ValueError without a host, or when a part could hide a password from view."""
    url = given.get_secret_value()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("must begin with postgresql:// or postgres://")
    if "@" in f"{parts.path}{parts.query}{parts.fragment}" or re.search(r"\s|%(?![0-9A-Fa-f]{2})", url):
        raise ValueError(
            "has a character in its user name or password that must be percent-encoded, as / is %2F"
        )
    if not parts.netloc.rpartition("@")[2]:
        raise ValueError("names no host")
    return given
