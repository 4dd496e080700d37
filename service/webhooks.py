"""The front door: limit the size, find the path, verify the signature, parse, append, and only then answer 202."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from starlette.types import Message, Receive, Scope, Send

from service.accept import Acceptor, StoreAway
from service.metrics import Metrics
from service.notifications import NotANotification, parse
from service.receivers import CannotSay, Receiver, Receivers
from service.signatures import verify
from workers.store.inbox import BacklogFull

log = structlog.get_logger()

#: A sender that takes longer to send its body is not Protime.
BODY_SECONDS = 10.0
_RETRY_AFTER = (b"retry-after", b"5")
#: How much of a body that is too large is read and forgotten before the connection is closed.
_LINGER_BYTES, _LINGER_SECONDS = 16 * 1024 * 1024, 1.0


class Refused(Exception):
    """A request that is answered with an error, in the words of the documented answer.

    `unread`: the sender is still sending, and what it sends is of no use.
    """

    def __init__(self, status: int, error: str, *, unread: bool = False) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.unread = unread


class Webhooks:
    """`POST /webhooks/{tenant}/{collection}/{token}` as a plain ASGI application: it is the hottest code of the house."""

    def __init__(
        self,
        receivers: Receivers,
        acceptor: Acceptor,
        metrics: Metrics,
        *,
        max_body_bytes: int,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._receivers = receivers
        self._acceptor = acceptor
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            receiver = self._receivers.find(scope["path"]) or await self._find_anew(scope["path"])
            accepted = await self._accept(receiver, scope, receive)
        except Refused as refused:
            self._metrics.refused(refused.status)
            rest = receive if refused.unread else None
            await _answer(send, refused.status, {"error": refused.error}, rest)
            return
        self._metrics.accepted(receiver.tenant, receiver.collection, accepted, time.perf_counter() - started)
        await _answer(send, 202, {"accepted": accepted})

    async def _accept(self, receiver: Receiver, scope: Scope, receive: Receive) -> int:
        body = await _read(scope, receive, self._max_body_bytes, self._body_seconds)
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


async def _read(scope: Scope, receive: Receive, most: int, seconds: float) -> bytes:
    """The body, never more of it in memory than the limit."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and (len(value) > 18 or int(value) > most):
            raise Refused(413, f"the body is larger than {most} bytes", unread=True)
    first = _started(receive())
    if not isinstance(first, _Rest) and first["type"] == "http.request" and not first.get("more_body"):
        whole: bytes = first["body"]
        if len(whole) <= most:
            return whole
    try:
        async with asyncio.timeout(seconds):
            return await _read_parts(await first if isinstance(first, _Rest) else first, receive, most)
    except TimeoutError:
        raise Refused(408, f"the body did not arrive within {seconds:g} seconds") from None


@dataclass(slots=True)
class _Rest:
    """What is left of an awaitable when its first step is done."""

    steps: Generator[Any, None, Message]
    waits_for: object

    def __await__(self) -> Generator[Any, None, Message]:
        yield self.waits_for
        return (yield from self.steps)


def _started(receiving: Awaitable[Message]) -> Message | _Rest:
    """The message, if it is there already. It nearly always came with the head, and a timer costs as much as the HMAC."""
    steps = receiving.__await__()
    try:
        return _Rest(steps, next(steps))
    except StopIteration as here:
        message: Message = here.value
        return message


async def _read_parts(message: Message, receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        if message["type"] != "http.request":
            raise Refused(400, "the sender went away")
        body += message.get("body", b"")
        if len(body) > most:
            unread = bool(message.get("more_body"))
            raise Refused(413, f"the body is larger than {most} bytes", unread=unread)
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


async def _answer(send: Send, status: int, body: dict[str, int | str], rest: Receive | None = None) -> None:
    text = msgspec.json.encode(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    if status == 503:
        headers.append(_RETRY_AFTER)
    if status in {408, 413}:
        # What is left of the body is not worth waiting for.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if rest is not None:
        await send({"type": "http.response.body", "body": text, "more_body": True})
        await _forget(rest)
        text = b""
    await send({"type": "http.response.body", "body": text})


async def _forget(rest: Receive) -> None:
    """Lets the sender finish, within limits: closed at once, the connection would be reset and the answer lost on its way."""
    read = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while read < _LINGER_BYTES:
                message = await rest()
                read += len(message.get("body", b""))
                if not message.get("more_body"):
                    return
