"""Addresses a user may write: https everywhere, http for the own machine only, and never with a password inside."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from workers.config.mistakes import mistake


def is_loopback(host: str) -> bool:
    """True for `localhost`, names below it, and loopback addresses."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _web_address(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise mistake("is not a web address. Write https:// and a host name.") from None
    if parts.scheme not in {"https", "http"} or not host or re.search(r"\s", text):
        raise mistake("is not a web address. Write https:// and a host name.")
    if parts.scheme == "http" and not is_loopback(host):
        raise mistake("must begin with https:// (http:// is for loopback hosts such as 127.0.0.1 only).")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise mistake("must have no user, query or fragment. Write only https:// and the host name.")
    return parts


def public_url(text: str) -> str:
    if text:
        _web_address(text)
    return text.rstrip("/")


def host_url(text: str) -> str:
    if text and _web_address(text).path.strip("/"):
        raise mistake("must be a host without a path: the rest of the address is added.")
    return text.rstrip("/")


def redis_url(text: str) -> str:
    if _is_cut_short(text):
        raise mistake(
            "has a password (or a user name) that ends the address early. Write % codes for such characters in it: "
            "%2F for /, %40 for @, %23 for #, %3F for ?."
        )
    if not text or (re.fullmatch(r"(rediss?|unix)://\S+", text) and _has_usable_port(text)):
        return text
    raise mistake(
        "must look like redis://host:6379/0, rediss://… or unix://…. Leave it empty for the embedded Redis."
    )


def _is_cut_short(text: str) -> bool:
    """Whether a / # or ? before the last @ makes another host of what was meant as a password; redis-py would connect to it.

    A # ends every address, and the names of Redis' databases are numbers: behind one is the rest of a password too.
    """
    found = re.match(r"rediss?://([^/?#]*)(.*)", text, re.DOTALL)
    if not found:
        return False
    authority, rest = found.groups()
    return "@" in rest or "#" in rest or authority.count("@") > 1


def _has_usable_port(text: str) -> bool:
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False
