"""Accepted notifications per second of one receiver process, with an fsync on every append, and no worker beside it.

`python -m bench.accept [--seconds 3] [--rounds 3]` measures the receivers beside their ceiling, an endpoint that does
nothing. Rounds alternate, so that all meet the same noise.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
from pathlib import Path

from bench.candidates import CANDIDATES, Place
from bench.ceilings import empty_endpoint
from bench.configuration import PATH
from bench.load import assignment, closed, request
from bench.processes import Processes
from bench.servers import free_port, wait_for
from workers.store import embedded

#: Shiftwire's receiver does the same in every way to fetch.
OURS = "payload"
RECEIVERS = tuple(each.name for each in CANDIDATES if each.baseline or each.name == OURS)
_WARM_SECONDS = 0.5
_NOBODY = "http://127.0.0.1:9"


def accepted(name: str, seconds: float) -> float:
    """How many a second in a closed model; raises `RuntimeError` when one was refused."""
    (candidate,) = [each for each in CANDIDATES if each.name == name]
    with tempfile.TemporaryDirectory() as place:
        folder, server = Path(place), embedded.start(Path(place) / "redis")
        processes = Processes(folder)
        try:
            commands = candidate.commands(Place(folder, server.url, _NOBODY, _NOBODY, port := free_port()))
            command = commands["receiver"]
            processes.start("receiver", command.arguments, command.environment)
            wait_for(port)
            return _rate(port, seconds)
        finally:
            processes.stop()
            server.stop()


def _rate(port: int, seconds: float) -> float:
    requests = [request(PATH, assignment(n % 500 + 1, n)) for n in range(1, 5001)]
    closed(port, requests, _WARM_SECONDS)
    answers = closed(port, requests, seconds)
    if answers.ok != sum(answers.statuses.values()):
        raise RuntimeError(f"not all were accepted: {answers.statuses}")
    return answers.ok / seconds


def measured(seconds: float) -> dict[str, float]:
    return {name: accepted(name, seconds) for name in RECEIVERS}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rounds = [
        {"empty": empty_endpoint(arguments.seconds), **measured(arguments.seconds)}
        for _ in range(arguments.rounds)
    ]
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    ratios = {f"{OURS} / {name}": round(middle[OURS] / rate, 2) for name, rate in middle.items()}
    print(
        json.dumps(
            {"accepted_per_second": {n: round(rate) for n, rate in middle.items()}, **ratios}, indent=2
        )
    )


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
