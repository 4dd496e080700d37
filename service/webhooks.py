"""The front door: limit the size, find the path, verify the signature, parse, append, and only then answer 202."""

from __future__ import annotations

import time

import structlog
from starlette.types import Receive, Scope, Send

from service.accept import Acceptor, StoreAway
from service.bodies import BODY_SECONDS, Refused, answer, read, refuse
from service.metrics import Metrics
from service.notifications import NotANotification, parse
from service.receivers import CannotSay, Receiver, Receivers
from service.room import Room
from service.signatures import verify
from workers.store.inbox import BacklogFull

log = structlog.get_logger()


class Webhooks:
    """`POST /webhooks/{tenant}/{collection}/{token}` as a plain ASGI application: it is the hottest code of the house."""

    def __init__(
        self,
        receivers: Receivers,
        acceptor: Acceptor,
        metrics: Metrics,
        *,
        max_body_bytes: int,
        room: Room | None = None,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        """`room`: for the bodies of all requests under way; at least two of the largest fit into it."""
        self._receivers = receivers
        self._acceptor = acceptor
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._body_seconds = body_seconds
        self._room = room or Room(4 * max_body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            receiver = self._receivers.find(scope["path"]) or await self._find_anew(scope["path"])
            accepted = await self._accept(receiver, scope, receive)
        except Refused as refused:
            self._metrics.refused(refused.status)
            await refuse(send, refused, receive)
            return
        self._metrics.accepted(receiver.tenant, receiver.collection, accepted, time.perf_counter() - started)
        await answer(send, 202, {"accepted": accepted})

    async def _accept(self, receiver: Receiver, scope: Scope, receive: Receive) -> int:
        body = await read(scope, receive, self._max_body_bytes, self._body_seconds, self._room)
        try:
            return await self._append(receiver, scope, body)
        finally:
            self._room.give_back(len(body))

    async def _append(self, receiver: Receiver, scope: Scope, body: bytes) -> int:
        if not receiver.keys:
            raise Refused(503, "this subscription is being created, try again")
        if not verify(body, _signature(scope, receiver), receiver.keys, receiver.scheme):
            log.warning("bad signature", tenant=receiver.tenant, collection=receiver.collection)
            # No detail in the answer: it would help only somebody who has no key.
            raise Refused(401, "bad signature")
        try:
            arrivals = parse(body, receiver.collection)
            await self._acceptor.append(receiver.tenant, receiver.collection, arrivals)
        except NotANotification as error:
            raise Refused(400, str(error)) from None
        except StoreAway:
            raise Refused(503, "the store takes no writes now, try again") from None
        except BacklogFull:
            raise Refused(503, "the backlog is full, try again") from None
        return len(arrivals)

    async def _find_anew(self, path: str) -> Receiver:
        try:
            receiver = await self._receivers.find_anew(path)
        except CannotSay:
            raise Refused(503, "the subscriptions cannot be read now, try again") from None
        if receiver is None:
            raise Refused(404, "unknown path")
        return receiver


def _signature(scope: Scope, receiver: Receiver) -> bytes:
    accepted = receiver.scheme.headers
    for name, value in scope["headers"]:
        if name in accepted:
            sent: bytes = value
            return sent
    return b""
