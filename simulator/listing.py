"""Lists: one page of the records that match, and the link to the next one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from simulator.conditions import Predicate
from simulator.errors import ApiError
from simulator.settings import Settings
from simulator.store import Entry, Id, Shelf
from simulator.tokens import Continuation, pack, unpack

BASE = "/connector/protimeapi/api/v1"
Render = Callable[[Entry], bytes]
# Links are not percent-encoded, but for what would end the query or change its meaning.
UNENCODED = " !\"$'()*,/:;<=>?@[]^`{|}~"


@dataclass(frozen=True)
class Page:
    """`behind` points after the last record; `more` says whether another page follows."""

    entries: list[Entry]
    behind: Continuation
    more: bool


def validator(*parts: str | None) -> str:
    """A fingerprint of the query that a continuation token belongs to."""
    return f"{zlib.crc32('|'.join(part or '' for part in parts).encode()):08x}"


def resume(text: str | None, fingerprint: str, settings: Settings, now: float, era: int) -> Continuation:
    """Read a continuation token; `now` is in the tenant's seconds.

    Raises ApiError 409 when it is unreadable, expired (of another era too) or of another query.
    """
    if text is None:
        return Continuation(fingerprint, now, era=era)
    try:
        token = unpack(text, Continuation)
    except ValueError:
        raise ApiError(409, "The continuation token is invalid") from None
    alive = token.era == era and now - token.created_at <= settings.continuation_life_seconds
    if token.validator != fingerprint or not alive:
        raise ApiError(409, "The continuation token is invalid or has expired")
    return token


def page(shelf: Shelf, matches: Predicate, start: Continuation, settings: Settings, now: float) -> Page:
    """Cut one page; with `empty_pages` set, so many empty ones come before each further page."""
    padding = "x" * settings.continuation_padding
    behind = Continuation(start.validator, now, start.after, start.era, padding=padding)
    if start.empty > 0:
        behind.empty = start.empty - 1
        return Page([], behind, more=True)
    found = _take(shelf, matches, start.after, settings.page_size + 1)
    kept = found[: settings.page_size]
    more = len(found) > len(kept)
    behind.after = kept[-1].id if kept else start.after
    behind.empty = settings.empty_pages if more else 0
    return Page(kept, behind, more)


def _take(shelf: Shelf, matches: Predicate, after: Id | None, count: int) -> list[Entry]:
    found: list[Entry] = []
    for entry in shelf.after(after):
        if entry.record is not None and matches(entry.record):
            found.append(entry)
            if len(found) == count:
                break
    return found


def link(path: str, parameters: Iterable[tuple[str, str | None]]) -> str:
    """A relative link with its query as the documentation shows it: not percent-encoded."""
    query = "&".join(
        f"{name}={quote(value, safe=UNENCODED)}" for name, value in parameters if value is not None
    )
    return f"{BASE}{path}?{query}"


def envelope(items: Iterable[bytes], **links: str | None) -> bytes:
    """`{"value":[…],"nextLink":"…"}` from encoded items."""
    tail = b"".join(
        b',"%s":%s' % (name.encode(), msgspec.json.encode(target)) for name, target in links.items() if target
    )
    return b'{"value":[' + b",".join(items) + b"]" + tail + b"}"


def next_token(found: Page) -> str | None:
    return pack(found.behind) if found.more else None
