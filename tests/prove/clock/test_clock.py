"""The clock that can be moved: in a process of its own, since it changes what `time` and `datetime` say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: Moves its own clock, waits until it has been looked at again, and prints what it thinks of the time and its type.
PROGRAM = """
import datetime, json, os, pathlib, sys, time
import msgspec
monotonic = time.monotonic()
offset = pathlib.Path(os.environ["SHIFTWIRE_PROVE_CLOCK"]) / str(os.getpid())
if sys.argv[1] != "none":
    offset.write_text(sys.argv[1])
time.sleep(0.1)
now = datetime.datetime.now(datetime.UTC)
same = type(msgspec.json.decode(msgspec.json.encode(now), type=datetime.datetime)) is type(now) is datetime.datetime
utc = datetime.datetime.utcnow().replace(tzinfo=datetime.UTC)
told = [time.time(), time.time_ns() / 1e9, now.timestamp(), utc.timestamp(), datetime.datetime.now().timestamp()]
print(json.dumps([told, same, time.monotonic() - monotonic]))
"""


@pytest.mark.parametrize("ahead", ["3600", "-3600", "none"])
def test_all_clocks_but_the_monotonic_one_are_moved(tmp_path: Path, ahead: str):
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "SHIFTWIRE_PROVE_CLOCK": str(tmp_path),
    }
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, ahead]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=True)
    told, same_type, passed = json.loads(done.stdout)
    expected = time.time() + (0 if ahead == "none" else float(ahead))
    assert told == pytest.approx([expected] * 5, abs=30)
    assert same_type
    assert passed < 30
