"""From accept to sink: how long an accepted change takes to arrive, at a steady rate in an open model.

The real processes, started by the command line: Redis with an fsync on every append, `serve`, `work`, `schedule`.
`python -m bench.latency [--rate 100] [--seconds 20] [--batch 1]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
import yaml

from bench.configuration import PATH, configuration
from bench.load import assignment, request
from bench.servers import free_port, wait_for
from bench.sink import Arrivals, sink
from workers.store import embedded

_WARM_UP = 50

#: Gets the URL of the store and the configuration.
Prepare = Callable[[str, dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def installation(
    folder: Path, sink_port: int, batch: int, prepare: Prepare | None = None
) -> AsyncIterator[int]:
    """The processes of an installation in `payload` mode, on a store that `prepare` may fill; yields the receiver's port."""
    redis, port = embedded.start(folder), free_port()
    config = configuration(redis.url, port)
    webhook = {
        "type": "webhook",
        "url": f"http://127.0.0.1:{sink_port}/",
        "secret": "whsec_YmVuY2g=",
        "batch": batch,
    }
    config["sinks"] = {"bench": {**webhook, "allow_private_addresses": True}}
    if prepare is not None:
        await prepare(redis.url, config)
    file = folder / "shiftwire.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    log = (folder / "processes.log").open("wb")
    command = [sys.executable, "-m", "service"]
    processes = [
        subprocess.Popen([*command, name, "--config", str(file)], stdout=log, stderr=log, env=os.environ)
        for name in ("serve", "work", "schedule")
    ]
    try:
        await asyncio.to_thread(wait_for, port)
        await asyncio.sleep(1.5)
        yield port
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
        redis.stop()
        log.close()


async def send(port: int, rate: float, count: int, first: int = 1) -> dict[tuple[int, str], float]:
    """Sends `count` changes, numbered from `first`, at a steady rate, whatever the answers do; returns when each was
    accepted.
    """
    accepted: dict[tuple[int, str], float] = {}
    start = time.perf_counter()
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(32):
        connections.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def one(number: int) -> None:
        resource = number % 200 + 1
        reader, writer = await connections.get()
        writer.write(request(PATH, assignment(resource, number)))
        head = await reader.readuntil(b"\r\n\r\n")
        accepted[resource, f"{number:020X}"] = time.perf_counter()
        assert head.startswith(b"HTTP/1.1 202"), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
        await reader.readexactly(length)
        connections.put_nowait((reader, writer))

    tasks = []
    for number in range(first, first + count):
        await asyncio.sleep(max(0.0, start + (number - first + 1) / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    while not connections.empty():
        connections.get_nowait()[1].close()
    return accepted


async def measure(rate: float, seconds: float, batch: int) -> dict[str, Any]:
    sink_port, count = free_port(), int(rate * seconds) + _WARM_UP
    with tempfile.TemporaryDirectory() as folder:
        async with sink(sink_port) as arrivals, installation(Path(folder), sink_port, batch) as port:
            accepted = await send(port, rate, count)
            await all_there(accepted, arrivals)
    waits = [arrivals.first[key] - at for key, at in accepted.items() if int(key[1], 16) > _WARM_UP]
    return {"rate": rate, "changes": len(waits), "accept_to_sink_ms": percentiles(waits)}


async def all_there(accepted: dict[tuple[int, str], float], arrivals: Arrivals) -> None:
    async with asyncio.timeout(30):
        while not accepted.keys() <= arrivals.first.keys():
            await asyncio.sleep(0.05)


def percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)] * 1000, 2)
        for p in (50, 90, 99)
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--batch", type=int, default=1)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(arguments.rate, arguments.seconds, arguments.batch)), indent=2))


if __name__ == "__main__":
    main()
