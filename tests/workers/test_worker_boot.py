"""A worker whose store goes away between its first question and its work ends, so that somebody starts it again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.e2e.installation import Installation

#: As the command line does it, but the store is not asked at the start: it went away right after it was.
WORK = """
import os, sys
from pathlib import Path
from workers import main
from workers.config import load
async def answered(*_, **__): pass
main.check = main.claim = answered
main.work(load(Path(sys.argv[1]), os.environ), "redis://127.0.0.1:1/0")
"""


def test_a_worker_that_cannot_begin_ends_with_words(tmp_path: Path) -> None:
    house = Installation(tmp_path)
    command = [sys.executable, "-c", WORK, str(house.config)]
    environment = {"SHIFTWIRE_SECRET_KEY": "a-secret-key-of-the-tests-that-is-long-enough"}
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=30, env=environment, check=False
        )
    finally:
        house.stop()
    assert ended.returncode == 1  # the command line makes it 69
    assert "StoreGone: store.url: Redis went away while the worker began" in ended.stderr
