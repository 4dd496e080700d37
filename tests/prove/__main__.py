"""The fault suite: `python -m tests.prove [--only NAME] [--moments N] [--seed N] [--write]`.

Each fault meets a whole installation in the middle of its traffic. `--moments`: at most so many strikes each; `--only`: faults
whose name contains this; `--write`: the table goes to `docs/failures.md`. Exit code 1 when anything was lost or reordered.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.prove import page
from tests.prove.fault import Fault
from tests.prove.faults import FAULTS, GROUPS
from tests.prove.trial import run
from tests.prove.verdict import Verdict


def main() -> int:
    wanted = _arguments()
    chosen = [fault for fault in FAULTS if wanted.only in fault.name]
    found: dict[str, Verdict | str] = {}
    for fault in chosen:
        found[fault.name] = _tried(fault, min(fault.moments, wanted.moments), wanted.seed)
        sys.stdout.write(page.line(fault, found[fault.name]) + "\n")
        sys.stdout.flush()
        if wanted.write:
            page.write(GROUPS, found)
    good = all(isinstance(verdict, Verdict) and verdict.holds for verdict in found.values())
    return 0 if found and good else 1


def _tried(fault: Fault, moments: int, seed: int) -> Verdict | str:
    with tempfile.TemporaryDirectory(prefix="prove-") as directory:
        try:
            return run(fault, Path(directory), moments=moments, seed=seed)
        except AssertionError as error:
            return str(error)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--moments", type=int, default=50, help="at most so many strikes each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/failures.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
