from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tests.workers.sinks.receiver import Receiver
from tests.workers.sinks.rigs import SECRET
from workers.events import Event
from workers.sinks.webhook import WebhookSink
from workers.sinks.webhook_options import WebhookOptions


def _event(number: int = 757085, *, version: str = "0001", **data: Any) -> Event:
    subject = f"assignments/{number}"
    body = {
        "specversion": "1.0",
        "id": f"acme/{subject}/{version}",
        "source": "/protime/acme/assignments",
        "type": "eu.myprotime.assignment.updated.v1",
        "subject": subject,
        "time": "2026-03-09T14:03:11.512Z",
        "datacontenttype": "application/json",
        "dataschema": "/schemas/assignment.v1.json",
        "sequence": version,
        "partitionkey": subject,
        "origin": data.pop("origin", "webhook"),
        "data": {
            "tenant": "acme",
            "collection": "assignments",
            "id": number,
            "change": "updated",
            "meaning": ["rescheduled", "break_changed"],
            "person": {"id": 1},
            "start": "2026-03-10T09:00:00+01:00",
            "end": "2026-03-10T18:00:00+01:00",
            "notice": {"minutes": 1136, "short": True},
            "changes": [{"path": "startTimeInMinutes", "before": 480, "after": 540}],
            "resource": {"comments": "déjà vu ✓ 日本"},
            "previous": None,
            **data,
        },
    }
    return Event(msgspec.json.encode(body))


@pytest.fixture(scope="session")
def make_event() -> Callable[..., Event]:
    """An event; a keyword replaces a value of its data."""
    return _event


@pytest.fixture(scope="session")
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def receiver(running_receiver: Receiver) -> Receiver:
    running_receiver.reset()
    return running_receiver


@pytest.fixture
async def webhook(receiver: Receiver) -> AsyncIterator[Callable[..., WebhookSink]]:
    """A webhook sink for the receiver, or for another `url`."""
    made: list[WebhookSink] = []

    def make(**options: Any) -> WebhookSink:
        wiring = {key: options.pop(key) for key in ("clock", "resolve", "tls") if key in options}
        given = {"url": receiver.url, "secret": SECRET, "allow_private_addresses": True} | options
        made.append(WebhookSink("planning", WebhookOptions(type="webhook", **given), **wiring))
        return made[-1]

    yield make
    for sink in made:
        await sink.close()


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def hostile() -> Callable[[Handler], Any]:
    """`async with hostile(handler) as url`: a TCP server that does with a request what the handler says."""

    @asynccontextmanager
    async def serve(handler: Handler) -> AsyncIterator[str]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
        server.close()

    return serve
