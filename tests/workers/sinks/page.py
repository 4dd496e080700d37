"""docs/sinks-conformance.md: what each sink was seen to do, from the outcomes of the behaviour suite. Pure.

`python -m tests.workers.sinks.page` runs the suite and writes the page.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "sinks-conformance.md"

HEAD = """\
# What every sink was seen to do

Generated from a run of [the behaviour suite](../tests/workers/sinks/test_conformance.py) against the real thing, by
`make sinks-conformance`; do not edit. `yes`: shown by a test. `-`: does not apply, for the reason that the test gives.

"""
_TEST = re.compile(r"test_conformance\.py::test_(?P<behaviour>\w+)\[(?P<parameters>[^\]]+)\]$")

#: (behaviour, sink) → the outcomes of its tests, such as `passed` and `skipped`.
Outcomes = Mapping[tuple[str, str], Iterable[str]]


def cell_of(node: str, sinks: Iterable[str]) -> tuple[str, str] | None:
    """Which behaviour of which sink a test shows; None for a test that is about neither."""
    found = _TEST.search(node)
    if found is None:
        return None
    named = [sink for sink in sinks if sink in found["parameters"].split("-")]
    return (found["behaviour"].replace("_", " "), named[0]) if named else None


def page(outcomes: Outcomes) -> str:
    """Behaviours in the order in which they ran."""
    sinks = sorted({sink for _, sink in outcomes})
    behaviours = list(dict.fromkeys(behaviour for behaviour, _ in outcomes))
    lines = [f"| | {' | '.join(f'`{sink}`' for sink in sinks)} |", f"|---|{'---|' * len(sinks)}"]
    for behaviour in behaviours:
        cells = [_cell(outcomes.get((behaviour, sink), ())) for sink in sinks]
        lines.append(f"| {behaviour} | {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


def _cell(outcomes: Iterable[str]) -> str:
    found = set(outcomes)
    if "failed" in found:
        return "NO"
    return "yes" if "passed" in found else "-"


def main() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/workers/sinks/test_conformance.py",
        "--sinks-to",
        str(PAGE),
    ]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
