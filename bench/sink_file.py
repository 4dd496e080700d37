"""The file sink against a bare loop that appends the same lines, with an fsync for each batch. `python -m bench.sink_file`"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.file import FileOptions, FileSink


async def bare(events: Sequence[Event]) -> float:
    clock = asyncio.get_running_loop().time
    with tempfile.TemporaryDirectory() as folder:
        started = clock()
        for at in range(0, len(events), BATCH):
            with Path(folder, "events.jsonl").open("ab") as file:
                file.write(b"".join(event.json + b"\n" for event in events[at : at + BATCH]))
                file.flush()
                os.fsync(file.fileno())
        return clock() - started


async def ours(events: Sequence[Event]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        sink = FileSink("bench", FileOptions(type="file", path=Path(folder, "events"), batch=BATCH))
        return await delivered(sink, events)


if __name__ == "__main__":
    compare("file", bare, ours)
