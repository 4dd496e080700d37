"""Where each request goes: path and query, built from values. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple
from urllib.parse import unquote

from workers.protime import external_references, filter_parts, filter_rules, filter_syntax, links
from workers.protime.external_references import References
from workers.protime.filters import Expression

API = "/connector/protimeapi/api/v1"

#: How long a first URL may be: Protime takes 4,096 characters, and on later pages the continuation token counts too.
LONGEST_FIRST_URL = 3000

#: A filter built with `filters`, or as text; it is checked before it is sent.
Where = Expression | str | None

_PATH = re.compile(r"[a-z0-9]+(?:[-/][A-Za-z0-9-]+)*", re.ASCII)


def collection(name: str) -> str:
    """The path of a collection. Raises ValueError for what cannot be one."""
    if not _PATH.fullmatch(name):
        raise ValueError(f"{name!r} is not a collection of the Protime API")
    return f"{API}/{name}"


def single(name: str, number: int | str, references: References | None = None) -> str:
    specified = external_references.specification(name, references)
    return f"{collection(name)}/{links.segment(str(number))}{_query(references=specified)}"


class First(NamedTuple):
    """Where a list begins: its first URL, and the filter in it."""

    path: str
    where: Expression | None = None


def listing(name: str, where: Where, references: References | None, origin: str = "") -> list[First]:
    """Where a list begins: one, or several when a list in the filter is too long for a URL. Raises FilterError."""
    path, specified = collection(name), external_references.specification(name, references)
    expression = _expression(where)
    filter_rules.check(name, expression)
    if expression is None:
        return [First(path + _query(references=specified))]
    room = LONGEST_FIRST_URL - len(origin + path + _query(where="", references=specified))
    if isinstance(where, str) and len(links.value(where)) <= room:
        return [First(path + _query(where, references=specified), expression)]
    parts = filter_parts.split(expression, room)
    return [First(path + _query(str(part), references=specified), part) for part in parts]


def halved(name: str, first: First, references: References | None) -> list[First]:
    """Two that together list what `first` does, in shorter URLs; none when its filter cannot be divided."""
    parts = filter_parts.halves(first.where) if first.where is not None else []
    specified = external_references.specification(name, references)
    return [First(collection(name) + _query(str(part), references=specified), part) for part in parts]


def delta(name: str, where: Where, references: References | None, today: date | None) -> str:
    """The first URL of a delta. Raises FilterError."""
    filter_rules.check_delta(name, _expression(where), today)
    specified = external_references.specification(name, references, events=True)
    text = None if where is None else str(where)
    return collection(name) + _query(text, delta=True, references=specified)


def webhook_creation(name: str, references: References | None) -> str:
    specified = external_references.specification(name, references, events=True)
    return f"{API}/webhooks{_query(references=specified)}"


def webhook(number: str) -> str:
    return f"{API}/webhooks/{links.segment(number)}"


def route(url: str) -> str:
    """The path of a link below the API, for counting."""
    return url.partition(API)[2].partition("?")[0].strip("/")


def located(location: str) -> str:
    """The id in a `Location` header, "" without one."""
    return unquote(location.partition("?")[0].rstrip("/").rpartition("/")[2])


def _query(where: str | None = None, *, delta: bool = False, references: str = "") -> str:
    parts = [
        f"filter={links.value(where)}" if where is not None else "",
        "delta" if delta else "",
        f"externalReferences={links.value(references)}" if references else "",
    ]
    query = "&".join(part for part in parts if part)
    return f"?{query}" if query else ""


def _expression(where: Where) -> Expression | None:
    return filter_syntax.parse(where) if isinstance(where, str) else where
