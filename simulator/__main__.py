"""`python -m simulator --port 9000 --settings '{"people": 10}'`."""

from __future__ import annotations

import argparse

import msgspec

from simulator.main import run
from simulator.switching import read


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A stand-in for a Protime tenant."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--settings", default="{}", help="JSON object, names as on the page /control")
    given = parser.parse_args()
    try:
        settings = read(given.settings)
    except msgspec.DecodeError as error:
        parser.error(str(error))
    run(given.host, given.port, settings)


if __name__ == "__main__":
    main()
