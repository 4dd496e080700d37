"""Reading the body of a request within limits of size and time, and answering one that keeps to none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import Message, Receive, Scope, Send

from service.room import SMALL_BYTES, Room

#: A sender that takes longer to send its body is not one of ours.
BODY_SECONDS = 10.0
_RETRY_AFTER = (b"retry-after", b"5")
_FULL = "too many bodies are under way, try again"
#: More digits than a length can have.
_DIGITS = 18
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


async def read(scope: Scope, receive: Receive, most: int, seconds: float, room: Room) -> bytes:
    """The body, never more of it in memory than the limit. Raises `Refused` (400, 408, 413, 503).

    What it takes of the room is to be given back by the caller, when the body is not needed any more.
    """
    _announced(scope, most, room)
    first = _started(receive())
    if not isinstance(first, _Rest) and first["type"] == "http.request" and not first.get("more_body"):
        whole: bytes = first["body"]
        if len(whole) <= most:
            _take(room, 0, len(whole), unread=False)
            return whole
    try:
        async with asyncio.timeout(seconds):
            message = await first if isinstance(first, _Rest) else first
            return await _read_parts(message, receive, most, room)
    except TimeoutError:
        raise Refused(408, f"the body did not arrive within {seconds:g} seconds") from None


def _announced(scope: Scope, most: int, room: Room) -> None:
    """A body that is known to be too large is refused before it comes."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            size = int(value) if len(value) <= _DIGITS else most + 1
            if size > most:
                raise Refused(413, f"the body is larger than {most} bytes", unread=True)
            if size > SMALL_BYTES and not room.has(size, size):
                raise Refused(503, _FULL, unread=True)


def _take(room: Room, before: int, more: int, *, unread: bool) -> None:
    if not room.take(before + more, more):
        raise Refused(503, _FULL, unread=unread)


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


async def _read_parts(message: Message, receive: Receive, most: int, room: Room) -> bytes:
    body = bytearray()
    try:
        await _gather(body, message, receive, most, room)
    except BaseException:
        room.give_back(len(body))
        raise
    return bytes(body)


async def _gather(body: bytearray, message: Message, receive: Receive, most: int, room: Room) -> None:
    while True:
        if message["type"] != "http.request":
            raise Refused(400, "the sender went away")
        part, unread = message.get("body", b""), bool(message.get("more_body"))
        if len(body) + len(part) > most:
            raise Refused(413, f"the body is larger than {most} bytes", unread=unread)
        _take(room, len(body), len(part), unread=unread)
        body += part
        if not unread:
            return
        message = await receive()


async def refuse(send: Send, refused: Refused, receive: Receive) -> None:
    """Answers `{"error": …}`."""
    # The frames in which it was raised hold what has come of the body, and the sender may take a while to finish.
    refused.__traceback__ = refused.__context__ = None
    await answer(send, refused.status, {"error": refused.error}, receive if refused.unread else None)


async def answer(send: Send, status: int, body: Mapping[str, int | str], rest: Receive | None = None) -> None:
    """`rest` is where the unread part of the body comes from."""
    text = msgspec.json.encode(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    if status == 503:
        headers.append(_RETRY_AFTER)
    if status in {408, 413} or rest is not None:
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
