"""What live traffic notices of a replay: from accept to sink in quiet, and while the whole log goes to the same sink.

The real processes, started by the command line: Redis with an fsync on every append, `serve`, `work`, `schedule`. The log
is filled first; the sink is new, so that none of it was delivered before.
`python -m bench.replay [--events 100000] [--rate 100] [--seconds 20] [--batch 1]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from bench.latency import all_there, installation, percentiles, send
from bench.load import assignment
from bench.servers import free_port
from bench.sink import Arrivals, sink
from workers.config import parse
from workers.queue import Wake, make_broker
from workers.runtime import Runtime
from workers.store.connect import connect
from workers.store.inbox import Arrival

_WARM_UP = 100
_SLICE_SECONDS = 2.0
#: Records of the log; the live ones have smaller numbers.
_RECORDS, _FIRST_RECORD = 5000, 10_000


class Filling:
    """Puts events into the log of an installation that has no sink yet."""

    def __init__(self, events: int) -> None:
        self._events = events

    async def __call__(self, url: str, config: dict[str, Any]) -> None:
        broker = make_broker(url)
        runtime = Runtime(parse({**config, "sinks": {}}), connect(url), Wake(broker))
        await runtime.start()
        for start in range(0, self._events, 2000):
            arrivals = [_arrival(n) for n in range(start, min(start + 2000, self._events))]
            await runtime.store.inbox.append("acme", "webhook", arrivals)
            for partition in runtime.store.inbox.all("acme"):
                await runtime.ingest.drain(partition)
        await runtime.stop(10)
        broker.client.close()


def _arrival(number: int) -> Arrival:
    record = _FIRST_RECORD + number % _RECORDS
    data = json.dumps(json.loads(assignment(record, number + 1))["data"]).encode()
    return Arrival(f"assignments/{record}", f"{number + 1:020X}", deleted=False, data=data)


async def measure(events: int, rate: float, seconds: float, batch: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder, sink_port = Path(name), free_port()
        async with (
            sink(sink_port) as arrivals,
            installation(folder, sink_port, batch, Filling(events)) as port,
        ):
            live = Live(port, rate, arrivals)
            await live.waits(_WARM_UP)
            quiet = await live.waits(int(rate * seconds))
            began, replayed = time.perf_counter(), arrivals.events
            await _replay(folder, "--confirm", "--no-wait")
            during: list[float] = []
            while arrivals.events - replayed - len(during) < events:
                during += await live.waits(int(rate * _SLICE_SECONDS))
            took, told = time.perf_counter() - began, arrivals.events - replayed - len(during)
            status = await _replay(folder, "--status")
    return _result(quiet, during) | {
        "replay": {
            "state": status["state"],
            "delivered": status["delivered"],
            "told": told,
            "seconds": round(took, 1),
        },
        "rate": rate,
        "batch": batch,
    }


class Live:
    """Changes at a steady rate; each one's version is a new one."""

    def __init__(self, port: int, rate: float, arrivals: Arrivals) -> None:
        self._port = port
        self._rate = rate
        self._arrivals = arrivals
        self._next = 1

    async def waits(self, count: int) -> list[float]:
        """Seconds from accept to sink of the next `count` changes."""
        accepted = await send(self._port, self._rate, count, self._next)
        self._next += count
        await all_there(accepted, self._arrivals)
        return [self._arrivals.first[key] - at for key, at in accepted.items()]


async def _replay(folder: Path, *options: str) -> dict[str, Any]:
    command = ["replay", "--sink", "bench", "--json", *options, "--config", str(folder / "shiftwire.yaml")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", *command, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    return dict(json.loads(out))


def _result(quiet: list[float], during: list[float]) -> dict[str, Any]:
    before, after = percentiles(quiet), percentiles(during)
    return {
        "accept_to_sink_ms": {"quiet": before, "during_replay": after},
        "during / quiet": {name: round(after[name] / before[name], 2) for name in before},
        "changes": {"quiet": len(quiet), "during_replay": len(during)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--batch", type=int, default=1)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = measure(arguments.events, arguments.rate, arguments.seconds, arguments.batch)
        print(json.dumps(runner.run(result), indent=2))


if __name__ == "__main__":
    main()
