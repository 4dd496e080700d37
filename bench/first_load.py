"""The first load of a collection beside a bare loop that only downloads the pages, and the memory it takes.

The real processes, started by the command line: Redis with an fsync on every append, `work`, `schedule`, the simulator.
A load is the first walk of a delta: it begins when its lock is taken, and ends when every record is an event in the log.
Loop and load alternate inside one run.
With `--page-ms` the simulator takes so long for each page, as a real tenant does; without, it serves at its own limit.
`python -m bench.first_load [--records 10000 100000] [--rounds 2] [--page-ms 20]`
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import redis
import yaml

from bench.processes import cpu_seconds, peak_mb
from bench.protime import API, CLIENT, Protime, protime
from bench.servers import free_port
from workers.store import embedded

LIST = f"{API}/assignments?filter=date%20ge%20'2026-01-01'"
PARTITIONS = 8
#: What a page of a real tenant takes at least, we suppose.
_PAGE_MS = 20.0
LOCK = "sw:{acme}:delta:assignments:lock"


def configuration(store: str, protime: str, port: int) -> dict[str, Any]:
    acme = {
        "base_url": protime,
        "auth_url": protime,
        **CLIENT,
        "user_agent": "Bench/v1 (Shiftwire)",
        "requests_per_minute": 1_000_000,
        "collections": {
            "assignments": {
                "since": "2026-01-01",
                "poll_seconds": 86_400,
                "webhook": {"token": "t" * 24, "keys": ["a-key-of-the-bench"]},
            }
        },
    }
    return {
        "public_url": f"http://127.0.0.1:{port}",
        "secret_key": "a-secret-key-of-the-bench-that-is-long-enough",
        "store": {"url": store, "partitions": PARTITIONS},
        "server": {"host": "127.0.0.1", "port": port},
        "subscriptions": {"manage": False},
        "tenants": {"acme": acme},
        "sinks": {"nothing": {"type": "console", "filter": {"collections": ["people"]}}},
    }


@contextmanager
def started(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        command = [sys.executable, "-m", "service", *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def bare(protime: Protime, records: int) -> float:
    """Downloads all pages one after another and looks for the next link only; returns the seconds it took."""
    headers = {"User-Agent": "Bare/v1 (Bench)", "Authorization": f"Bearer {protime.token()}"}
    with httpx.Client(base_url=protime.address, headers=headers, timeout=60) as client:
        begun, found, following = time.perf_counter(), 0, LIST
        while following:
            body = client.get(following).content
            found += body.count(b'"changeVersion"')
            following = _next(body)
        seconds = time.perf_counter() - begun
    if found != records:
        raise RuntimeError(f"the bare loop got {found} of {records} records")
    return seconds


def _next(body: bytes) -> str:
    _, mark, rest = body.rpartition(b'"nextLink":"')
    return quote(rest[: rest.index(b'"')].decode(), safe="/?&=()',%+:@") if mark else ""


def load(address: str, folder: Path, records: int) -> dict[str, Any]:
    """One first load into an empty store."""
    server, port = embedded.start(folder), free_port()
    config = folder / "shiftwire.yaml"
    config.write_text(yaml.safe_dump(configuration(server.url, address, port)), encoding="utf-8")
    try:
        with started(folder / "work.log", "work", "--config", str(config)) as work:
            _ready(folder / "work.log")
            with started(folder / "schedule.log", "schedule", "--config", str(config)):
                pids = {"work": work.pid, "redis": server.process.pid}
                return _loaded(redis.Redis.from_url(server.url), records, work, pids)
    finally:
        server.stop()


def _ready(log: Path) -> None:
    deadline = time.monotonic() + 30
    while b"worker ready" not in log.read_bytes():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker does not start")
        time.sleep(0.05)


def _loaded(
    store: redis.Redis, records: int, work: subprocess.Popen[bytes], pids: dict[str, int]
) -> dict[str, Any]:
    while not store.exists(LOCK):
        time.sleep(0.005)
    begun, before = time.perf_counter(), {name: cpu_seconds(pid) for name, pid in pids.items()}
    while (there := _events(store)) < records:
        if work.poll() is not None or time.perf_counter() - begun > 600:
            raise RuntimeError(f"the load stopped at {there} of {records}")
        time.sleep(0.05)
    cpu = {name: round(cpu_seconds(pid) - before[name], 2) for name, pid in pids.items()}
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": cpu,
        "peak_mb": round(peak_mb(work.pid)),
    }


def _events(store: redis.Redis) -> int:
    pipe = store.pipeline(transaction=False)
    for number in range(PARTITIONS):
        pipe.xlen(f"sw:{{acme:{number}}}:events")
    return sum(pipe.execute())


def measure(records: int, rounds: int, page_ms: float) -> dict[str, Any]:
    loops, loads = [], []
    with (
        tempfile.TemporaryDirectory() as outer,
        protime(Path(outer), slow_seconds=page_ms / 1000) as simulator,
    ):
        simulator.created(1, records)
        for _ in range(rounds):
            loops.append(bare(simulator, records))
            with tempfile.TemporaryDirectory() as folder:
                loads.append(load(simulator.address, Path(folder), records))
            loops.append(bare(simulator, records))
    bare_rate, ours = records / statistics.median(loops), records / min(x["seconds"] for x in loads)
    return {
        "records": records,
        "page_ms": page_ms,
        "bare_per_second": round(bare_rate),
        "ours_per_second": round(ours),
        "ratio": round(ours / bare_rate, 2),
        "peak_mb": max(x["peak_mb"] for x in loads),
        "loads": loads,
        "loops": [round(x, 2) for x in loops],
    }


def measured(few: int, many: int) -> dict[str, Any]:
    """A small load and a large one beside the simulator's limit, and the small one where a page takes 20 ms."""
    return {
        "few": measure(few, 1, 0.0),
        "many": measure(many, 1, 0.0),
        "paced": measure(few, 1, _PAGE_MS),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--page-ms", type=float, default=0.0)
    arguments = parser.parse_args()
    for records in arguments.records:
        print(json.dumps(measure(records, arguments.rounds, arguments.page_ms), indent=2), flush=True)


if __name__ == "__main__":
    main()
