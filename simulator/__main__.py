"""`python -m simulator --port 9000 --settings '{"people": 10}'`."""

from __future__ import annotations

import argparse

import msgspec

from simulator.main import run
from simulator.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A stand-in for a Protime tenant."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--settings", default="{}", help="JSON object, names as in simulator/settings.py")
    given = parser.parse_args()
    try:
        settings = msgspec.json.decode(given.settings, type=Settings)
    except msgspec.DecodeError as error:
        parser.error(str(error))
    run(given.host, given.port, settings)


if __name__ == "__main__":
    main()
