"""How a server behind a front may behave: each takes one exchange, and says whether its connection may live on."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count

from tests.prove.front import END, Exchange, Manner

_CHUNK = bytes(65536)


def hangs(exchange: Exchange) -> bool:
    """Takes the request and never answers, until the fault is over."""
    exchange.request()
    exchange.over.wait()
    return False


def hangs_for_ever(exchange: Exchange) -> bool:
    """The connection stays silent after the fault is over, too: only the other side ends it."""
    exchange.request()
    exchange.reader.read(1)
    return False


def hangs_up(_: Exchange) -> bool:
    """Closes without reading: the other side meets a reset."""
    return False


def takes_and_hangs_up(exchange: Exchange) -> bool:
    """What was sent is taken, and nobody hears of it."""
    exchange.answer()
    return False


def half(rng: random.Random, *, closes: bool) -> Manner:
    """What was sent is taken; the answer ends anywhere, and then the connection is closed, or nothing more comes."""

    def manner(exchange: Exchange) -> bool:
        answer = exchange.answer()
        exchange.send(answer[: rng.randrange(1, len(answer))])
        if not closes:
            exchange.over.wait()
        return False

    return manner


def drips(exchange: Exchange) -> bool:
    """What was sent is taken; the answer comes with one byte a second."""
    for byte in exchange.answer():
        exchange.send(bytes([byte]))
        if exchange.over.wait(1.0):
            return False
    return True


def reads_slowly(exchange: Exchange) -> bool:
    """Takes one byte of the request a second."""
    while not exchange.over.wait(1.0):
        exchange.reader.read(1)
    return False


def answers(status: int, *headers: str, body: str = "") -> Manner:
    """Always this; nothing is taken."""
    lines = [f"HTTP/1.1 {status} As-it-is", f"content-length: {len(body.encode())}", *headers]
    whole = "\r\n".join(lines).encode() + END + body.encode()

    def manner(exchange: Exchange) -> bool:
        exchange.request()
        exchange.send(whole)
        return True

    return manner


def answers_until(status: int, seconds: int) -> Manner:
    """`Retry-After` as an HTTP date, so many seconds from the moment of each answer."""

    def manner(exchange: Exchange) -> bool:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return answers(status, f"retry-after: {date}")(exchange)

    return manner


def garbage(exchange: Exchange) -> bool:
    """Something that is not HTTP."""
    exchange.request()
    exchange.send(b"\x00\xff SSH-2.0-\r\n\r\n{]")
    return False


def huge_body(exchange: Exchange) -> bool:
    """Takes what was sent, and answers with a terabyte as long as somebody reads."""
    exchange.answer()
    exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000" + END)
    while not exchange.over.is_set():
        exchange.send(_CHUNK)
    return False


def huge_head(exchange: Exchange) -> bool:
    """A head without an end; nothing is taken."""
    exchange.request()
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    while not exchange.over.is_set():
        exchange.send(b"x-filler: " + b"a" * 1000 + b"\r\n")
    return False


def endless_interim(exchange: Exchange) -> bool:
    """103 for ever; nothing is taken."""
    exchange.request()
    while not exchange.over.wait(0.02):
        exchange.send(b"HTTP/1.1 103 Early Hints" + END)
    return False


def by_turns(*manners: Manner) -> Manner:
    """Every request meets the next one."""
    turn = count()

    def manner(exchange: Exchange) -> bool:
        return manners[next(turn) % len(manners)](exchange)

    return manner
