"""Links as Protime gives them: relative, not percent-encoded, and to be followed exactly as they are (protime-api §3.4).

Only characters are encoded; nothing is decoded, re-ordered or rebuilt, since tokens are opaque.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from workers.protime.errors import ProtimeError

# Everything a path or query may hold besides letters and digits (RFC 3986), without "%", which is looked at on its own.
_QUERY_SAFE = "-._~!$&'()*+,;=:@/?"
_PATH_SAFE = "-._~!$&'()*+,;=:@/"
_VALUE_SAFE = "-._~!$'()*,;:@/"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TOKEN_WITH_PLUS = re.compile(r"((?:^|&)(?:continuation|delta)Token=)([^&]*)")


class ForeignLink(ProtimeError):
    """A link that leads away from the API host: following it would hand our token to a stranger."""


def origin(base_url: str) -> str:
    """`scheme://host[:port]` of an address. Raises ValueError unless it is http(s) with a host and without a user."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"{base_url!r} is not an address like https://acme.myprotime.eu")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def resolve(base: str, link: str) -> str:
    """The absolute, encoded URL of `link` at the origin `base`. Raises ForeignLink when it leads anywhere else."""
    path = link[len(base) :] if link[: len(base)].lower() == base else link
    # "//host" and "/\host" are other hosts to a browser; a link without a leading slash could extend our host name.
    if path[:1] != "/" or path[1:2] in ("/", "\\"):
        raise ForeignLink("refused to follow a link that does not begin at the API host's root")
    return base + encode(path)


def encode(link: str) -> str:
    """Percent-encodes what may not stand in a URL; what is encoded already stays."""
    path, mark, query = link.partition("?")
    query = _TOKEN_WITH_PLUS.sub(_keep_plus, query)
    return _quote(path, _PATH_SAFE) + mark + _quote(query, _QUERY_SAFE)


def value(text: str) -> str:
    """One query value, encoded as in Protime's examples: blanks as %20, quotes, parentheses and commas as they are."""
    return quote(text, safe=_VALUE_SAFE)


def segment(text: str) -> str:
    """One path segment, fully encoded."""
    return quote(text, safe="@=") if text not in (".", "..") else text.replace(".", "%2E")


def _keep_plus(match: re.Match[str]) -> str:
    # Tokens are standard base64: a plus in one is never a blank, which is how a server would read it.
    return match[1] + match[2].replace("+", "%2B")


def _quote(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe + "%", errors="replace")
