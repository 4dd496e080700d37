"""`POST /admin/replay`, `POST /admin/replay/cancel` and `GET /admin/replays`: what `shiftwire replay` does, for operators."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from service import replay_bodies
from service.bodies import BODY_SECONDS, Refused, read, refuse
from service.event_query import BadQuery
from service.events_api import answering
from service.room import Room
from workers.config import Config
from workers.replay.estimate import TakesTooLong
from workers.replay.orders import Orders
from workers.replay.request import ReplayOrder, no_such_sink
from workers.store import Store
from workers.store.connect import UNAVAILABLE
from workers.store.replays import Replay, ReplayUnderWay

log = structlog.get_logger()

MOST_BODY_BYTES = 16_384
_BODIES_AT_ONCE = 100
#: So long the log is walked through for a dry run. It begins anew with every request, so it must come to an end.
COUNT_SECONDS = 20.0
#: Of each partition's report so many lines are shown, and of each replay's.
_LINES = 100


class AdminReplay:
    """Who asks has been let in already: see `tokens.Guard`."""

    def __init__(self, config: Config, store: Store, *, count_seconds: float = COUNT_SECONDS) -> None:
        self._config = config
        self._orders = Orders(config, store)
        self._count_seconds = count_seconds
        self._counting = asyncio.Lock()
        self.order, self.cancel = Act(self._order), Act(self._cancel)

    @answering
    async def replays(self, request: Request) -> Response:
        """The newest replays of all sinks, or of those that are named, oldest first."""
        sinks = self._sinks(request)
        found = [replay for sink in sinks for replay in await self._orders.of(sink, lines=_LINES)]
        found.sort(key=lambda replay: replay.ordered)
        return JSONResponse({"replays": [_shown(replay) for replay in found]})

    def _sinks(self, request: Request) -> list[str]:
        query = request.query_params
        if unknown := sorted(set(query) - {"sink"}):
            raise BadQuery(f"unknown parameter: {', '.join(unknown)}. Known: sink")
        asked = list(dict.fromkeys(query.getlist("sink")))
        for sink in asked:
            if sink not in self._config.sinks:
                raise BadQuery(f"sink: {no_such_sink(sink, self._config)}")
        return asked or list(self._config.sinks)

    async def _order(self, body: bytes) -> Response:
        order, confirmed = replay_bodies.order(body, self._config)
        return await (self._place(order) if confirmed else self._count(order))

    async def _count(self, order: ReplayOrder) -> Response:
        if self._counting.locked():
            raise Refused(503, "another replay is being counted now, try again")
        async with self._counting:
            try:
                counted = await self._orders.count(order, within=self._count_seconds)
            except TakesTooLong:
                raise Refused(422, self._too_long()) from None
        return JSONResponse(counted.as_dict())

    def _too_long(self) -> str:
        return (
            f"the log is longer than can be counted here within {self._count_seconds:g} s: name a tenant or a "
            "subject, or count with `shiftwire replay` at the command line"
        )

    async def _place(self, order: ReplayOrder) -> Response:
        try:
            begun = await self._orders.place(order)
        except ReplayUnderWay as error:
            text = f"the replay {error} is under way to {order.sink}: wait for its end, or cancel it"
            raise Refused(409, text) from None
        except UNAVAILABLE as error:
            log.warning("replay perhaps ordered", sink=order.sink, error=str(error))
            raise Refused(503, _PERHAPS) from None
        if begun is None:
            raise Refused(409, "nothing was ordered: the log holds nothing that could be replayed")
        log.info("replay ordered", replay=begun.id, sink=begun.sink, conditions=begun.conditions.as_dict())
        return JSONResponse(_shown(begun), status_code=202)

    async def _cancel(self, body: bytes) -> Response:
        sink, id_ = replay_bodies.cancel(body)
        if sink not in self._config.sinks:
            raise Refused(422, f"sink: {no_such_sink(sink, self._config)}")
        if not await self._orders.cancel(sink, id_):
            raise Refused(404, f"no replay {id_[:60]} is under way to {sink}")
        log.info("replay cancelled", replay=id_, sink=sink)
        found = await self._orders.find(sink, id_, lines=_LINES)
        return JSONResponse({"id": id_, "sink": sink} if found is None else _shown(found))


_PERHAPS = (
    "the store does not answer now: whether the replay was ordered, in whole or in part, GET /admin/replays tells. "
    "Cancel it before you order it again"
)


def _shown(replay: Replay) -> dict[str, object]:
    said = replay.as_dict()
    return {**said, "report": said["report"][:_LINES]}


class Act:
    """A route that takes a JSON body, as a plain ASGI application.

    Only `application/json` is taken: a page of the web can have a browser on this machine send anything else here, and
    where no token is configured, who is on this machine may act.
    """

    def __init__(
        self, endpoint: Callable[[bytes], Awaitable[Response]], *, seconds: float = BODY_SECONDS
    ) -> None:
        self._endpoint = answering(endpoint)
        self._seconds = seconds
        self._room = Room(_BODIES_AT_ONCE * MOST_BODY_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _must_be_json(scope)
            body = await read(scope, receive, MOST_BODY_BYTES, self._seconds, self._room)
            self._room.give_back(len(body))  # few bytes of people who have a token
            response = await self._endpoint(body)
        except Refused as refused:
            await refuse(send, refused, receive)
        else:
            await response(scope, receive, send)


def _must_be_json(scope: Scope) -> None:
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0]
    if kind.strip().lower() != "application/json":
        raise Refused(415, "the body must come with Content-Type: application/json")
