"""`GET /events`, a page of the log, and `GET /events/{id}`, the whole life of one event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from functools import wraps
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.event_query import BadQuery, fitting, known, page_query, refused
from workers.store import Store
from workers.store.connect import UNAVAILABLE
from workers.store.event_pages import Page
from workers.store.position import Position

#: Says where a page ended, also at the end of the log, where the body has no `next`.
CURSOR_HEADER = "Shiftwire-Cursor"

_Endpoint = Callable[..., Awaitable[Response]]


def answering(endpoint: _Endpoint) -> _Endpoint:
    """400 for a query that makes no sense, 503 while the store is away."""

    @wraps(endpoint)
    async def answer(*args: Any) -> Response:
        try:
            return await endpoint(*args)
        except BadQuery as error:
            return refused(error)
        except UNAVAILABLE:
            return JSONResponse(
                {"error": "the store does not answer now, try again"},
                status_code=503,
                headers={"Retry-After": "5"},
            )

    return answer


class EventsApi:
    """What it needs of the store are the log and its pages."""

    def __init__(self, store: Store, tenants: Collection[str], sinks: Collection[str]) -> None:
        self._store = store
        self._tenants = tenants
        self._sinks = sinks

    @answering
    async def page(self, request: Request) -> Response:
        query, pages = page_query(request), self._store.pages
        heads = await pages.heads()
        start = fitting(query.after or Position(), heads)
        page = await pages.page(
            start, heads, known(query.filter, heads).wanted(self._store.inbox), query.limit
        )
        return _rendered(page)

    @answering
    async def life(self, request: Request) -> Response:
        event_id: str = request.path_params["id"]
        configured = event_id.partition("/")[0] in self._tenants
        found = await self._store.log.find(event_id) if configured else None
        if found is None:
            text = f"no event {event_id} in the log (an id is tenant/collection/id/version)"
            return JSONResponse({"error": text}, status_code=404)
        return JSONResponse((await self._store.log.life(found, self._sinks)).as_dict())


def _rendered(page: Page) -> Response:
    """The events are JSON already, and pass as they are."""
    cursor = page.after.cursor()
    events = msgspec.Raw(b"[" + b",".join(found.event.json for found in page.found) + b"]")
    body = {"events": events, **({"next": cursor} if page.more else {})}
    return Response(msgspec.json.encode(body), media_type="application/json", headers={CURSOR_HEADER: cursor})
