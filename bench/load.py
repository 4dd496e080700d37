"""Load on one HTTP server over kept-alive loopback connections, as cheap as Python can make it.

Closed model: each connection sends its next request when the answer to the last is there.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

import msgspec
import uvloop

KEY = "bench-key"


def assignment(number: int, version: int) -> bytes:
    """A notification of about 400 bytes, as in Protime's documentation."""
    data = {
        "changeVersion": f"{version:020X}",
        "id": number,
        "isRejected": False,
        "person": {"id": number % 97 + 1},
        "from": "2026-03-10",
        "until": "2026-03-10",
        "startTimeInMinutes": 480 + version % 60,
        "endTimeInMinutes": 1020,
        "breakDurationInMinutes": 30,
        "comments": f"change {version}",
        "activityLevels": [
            {"level": 1, "activityDefinition": {"id": "550e8400-e29b-41d4-a716-446655440000"}}
        ],
    }
    return msgspec.json.encode({"changeType": "InsertOrUpdate", "data": data})


def request(path: str, body: bytes, key: str = KEY) -> bytes:
    signature = base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json; charset=utf-8\r\n"
        f"x-protime-signature: {signature}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Answers:
    """What came back: how many of each status, and how long each took (seconds)."""

    statuses: dict[bytes, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def ok(self) -> int:
        return sum(n for status, n in self.statuses.items() if status.startswith(b"2"))


class _Connection(asyncio.Protocol):
    def __init__(
        self, requests: Iterator[bytes], answers: Answers, until: float, done: asyncio.Future[None]
    ) -> None:
        self._requests = requests
        self._answers = answers
        self._until = until
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._sent = 0.0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._next()

    def data_received(self, data: bytes) -> None:
        if self._rest or not is_complete(data):
            self._rest += data
            if not is_complete(self._rest):
                return
            data, self._rest = self._rest, b""
        now = time.perf_counter()
        status = data[9:12]
        self._answers.statuses[status] = self._answers.statuses.get(status, 0) + 1
        self._answers.seconds.append(now - self._sent)
        if now < self._until:
            self._next()
        else:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        self._finish()

    def _next(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        following = next(self._requests, None)
        if following is None:
            self._finish()
        else:
            self._transport.write(following)

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
        if self._transport is not None:
            self._transport.close()


def is_complete(answer: bytes) -> bool:
    """Whether head and body are there; every answer here says its length."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = answer.find(b"content-length: ") + 16
    return len(answer) >= head + 4 + int(answer[at : answer.index(b"\r", at)])


async def sent(
    port: int, requests: Iterable[bytes], connections: int = 64, seconds: float = math.inf
) -> Answers:
    """Sends each request once, by so many connections, until none is left or the time is over."""
    loop, answers, shared = asyncio.get_running_loop(), Answers(), iter(requests)
    until = time.perf_counter() + seconds
    finished = [loop.create_future() for _ in range(connections)]
    for done in finished:
        await loop.create_connection(partial(_Connection, shared, answers, until, done), "127.0.0.1", port)
    await asyncio.gather(*finished)
    return answers


def closed(port: int, requests: Sequence[bytes], seconds: float, connections: int = 64) -> Answers:
    """Sends the requests round and round for so long. Bounded in time and connections."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(sent(port, cycle(requests), connections, seconds))
