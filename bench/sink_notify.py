"""The notify sink against Apprise's own loop, to a local receiver: `python -m bench.sink_notify`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import apprise

from bench import sink_ratio
from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.notify import NotifySink
from workers.sinks.notify_options import NotifyOptions
from workers.sinks.notify_words import of_one

PORT = 18765
URL = f"json://127.0.0.1:{PORT}/staff?overflow=split"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


async def bare(events: Sequence[Event]) -> float:
    """A digest for each batch, sent by one thread."""
    plugin = apprise.Apprise.instantiate(URL)
    assert plugin is not None
    clock = asyncio.get_running_loop().time
    async with await asyncio.start_server(_answer, "127.0.0.1", PORT):
        started = clock()
        for at in range(0, len(events), BATCH):
            some = events[at : at + BATCH]
            text = "\n".join(f"- {of_one(event)['line']}" for event in some)
            assert await asyncio.to_thread(plugin.notify, text, f"{len(some)} changes")
        return clock() - started


async def ours(events: Sequence[Event]) -> float:
    options = NotifyOptions.model_validate(
        {"type": "notify", "urls": [URL], "batch": BATCH, "digest": {"wait_seconds": 0}}
    )
    sink = NotifySink("bench", options)
    async with await asyncio.start_server(_answer, "127.0.0.1", PORT):
        seconds = await delivered(sink, events)
    await sink.close()
    return seconds


if __name__ == "__main__":
    sink_ratio.EVENTS = 5000
    compare("notify", bare, ours)
