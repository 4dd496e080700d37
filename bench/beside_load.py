"""What live traffic notices of a first load: from accept to sink while many records are walked and delivered, and then in quiet.

The real processes, started by the command line: Redis with an fsync on every append, `serve`, `work`, `schedule`, the simulator.
The load begins with the scheduler, and ends when every record is at the sink, which wants them too.
`--sink-ms`: how long the sink takes for each request; a slow one is what the load could run away from.
`--fetch delta`: the load is the first walk of the delta for which the live notifications would wait.
`python -m bench.beside_load [--records 20000] [--rate 100] [--seconds 10] [--batch 1] [--sink-ms 0] [--fetch payload]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop
import yaml

from bench.configuration import configuration
from bench.first_load import started
from bench.latency import percentiles
from bench.protime import CLIENT, protime
from bench.replay import Live
from bench.servers import free_port, wait_for
from bench.sink import sink
from workers.store import embedded

_WARM_UP = 100
_SLICE_SECONDS = 1.0
#: The live records have smaller numbers.
_FIRST_RECORD = 10_000


def _configured(
    store: str, simulator: str, port: int, sink_port: int, batch: int, fetch: str
) -> dict[str, Any]:
    config = configuration(store, port)
    hook = {"type": "webhook", "url": f"http://127.0.0.1:{sink_port}/", "unsigned": True}
    config["sinks"] = {"bench": {**hook, "batch": batch, "allow_private_addresses": True}}
    tenant = {"base_url": simulator, "auth_url": simulator, "requests_per_minute": 1_000_000, **CLIENT}
    config["tenants"]["acme"] |= tenant
    config["tenants"]["acme"]["collections"]["assignments"] |= {"poll_seconds": 86_400, "fetch": fetch}
    return config


async def measure(
    records: int, rate: float, seconds: float, batch: int, sink_ms: float, fetch: str
) -> dict[str, Any]:
    with ExitStack() as house:
        folder = Path(house.enter_context(tempfile.TemporaryDirectory()))
        simulator = house.enter_context(protime(folder))
        simulator.created(_FIRST_RECORD, records)
        server, port, sink_port = embedded.start(folder / "redis"), free_port(), free_port()
        house.callback(server.stop)
        config = folder / "shiftwire.yaml"
        settings = _configured(server.url, simulator.address, port, sink_port, batch, fetch)
        config.write_text(yaml.safe_dump(settings))
        for name in ("serve", "work"):
            house.enter_context(started(folder / f"{name}.log", name, "--config", str(config)))
        await asyncio.to_thread(wait_for, port)
        async with sink(sink_port, sink_ms / 1000) as arrivals:
            live, during, began = Live(port, rate, arrivals), list[float](), time.perf_counter()
            house.enter_context(started(folder / "schedule.log", "schedule", "--config", str(config)))
            while sum(number >= _FIRST_RECORD for number, _ in arrivals.first) < records:
                during += await live.waits(int(rate * _SLICE_SECONDS))
            took = time.perf_counter() - began
            await live.waits(_WARM_UP)
            quiet = await live.waits(int(rate * seconds))
    waits = {"quiet": percentiles(quiet), "during_load": percentiles(during)}
    about = {"records": records, "batch": batch, "sink_ms": sink_ms, "fetch": fetch}
    return {**about, "seconds": round(took, 1), "accept_to_sink_ms": waits}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--sink-ms", type=float, default=0.0)
    parser.add_argument("--fetch", choices=("payload", "delta"), default="payload")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(**vars(arguments))), indent=2))


if __name__ == "__main__":
    main()
