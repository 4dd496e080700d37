"""The query parameters of the event routes, read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse

from service.event_filter import FILTERS, EventFilter
from workers.changes import COLLECTIONS, EVENT_TYPES
from workers.config.mistakes import suggestion
from workers.store.event_pages import Heads, ahead
from workers.store.position import NotACursor, Position

MOST = 1000
DEFAULT = 100
AFTER, LIMIT = "after", "limit"
_NOT_QUOTED_BEYOND = 60


class BadQuery(ValueError):
    """Answered 400, with this text."""


@dataclass(frozen=True)
class EventQuery:
    """`after` is None where no position is named."""

    filter: EventFilter
    after: Position | None
    limit: int


def page_query(request: Request) -> EventQuery:
    """Of `GET /events`. Raises `BadQuery`."""
    query = request.query_params
    _only(query, AFTER, LIMIT, *FILTERS)
    return EventQuery(_filter(query), _position(query.get(AFTER)), _limit(query.get(LIMIT)))


def stream_query(request: Request) -> EventQuery:
    """Of `GET /events/stream`: `Last-Event-ID` goes before `after`, which a client repeats when it connects again."""
    query = request.query_params
    _only(query, AFTER, *FILTERS)
    after = request.headers.get("last-event-id") or query.get(AFTER)
    return EventQuery(_filter(query), _position(after), DEFAULT)


def known(chosen: EventFilter, heads: Heads) -> EventFilter:
    """The filter itself, if there can be events of all it names: a name that is misspelt must not look like silence.

    `heads` are those of all tenants. Raises `BadQuery`.
    """
    _known("tenant", chosen.tenant, {partition.tenant for partition in heads})
    _known("collection", chosen.collection, COLLECTIONS)
    _known("type", chosen.type, EVENT_TYPES)
    return chosen


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in sorted(set(names) - set(known)):
        quoted = name[:_NOT_QUOTED_BEYOND]
        raise BadQuery(f"there is no {what} {quoted}. {suggestion(quoted, sorted(known), label='Known')}")


def fitting(position: Position, heads: Heads) -> Position:
    """The position itself, if the log reaches so far. Raises `BadQuery`."""
    if ahead(position, heads):
        raise BadQuery(
            "this cursor is ahead of the log: it is of another store, or the store was set back to an earlier state. "
            "Begin anew, without a cursor or with after=0"
        )
    return position


def refused(error: BadQuery) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=400)


def _only(query: QueryParams, *known: str) -> None:
    unknown = sorted(set(query) - set(known))
    if unknown:
        raise BadQuery(f"unknown parameter: {', '.join(unknown)}. Known: {', '.join(known)}")


def _filter(query: QueryParams) -> EventFilter:
    return EventFilter(**{name: frozenset(query.getlist(name)) - {""} for name in FILTERS})


def _position(cursor: str | None) -> Position | None:
    """An empty one counts as none."""
    try:
        return Position.parse(cursor) if cursor else None
    except NotACursor as error:
        raise BadQuery(str(error)) from None


def _limit(text: str | None) -> int:
    if not text:
        return DEFAULT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
        raise BadQuery(f"limit must be a whole number from 1 to {MOST}")
    return int(text)
