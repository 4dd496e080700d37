"""Which test shows which rule, asked of pytest itself in a process of its own: a few seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.protime_rules.page import Tie

ROOT = Path(__file__).parents[2]


def ties() -> list[Tie]:
    """Raises RuntimeError with what pytest said when the tests cannot be collected."""
    with TemporaryDirectory() as folder:
        target = Path(folder, "ties.json")
        options = ["--collect-only", "-q", "-p", "no:cacheprovider", "--rules-to", str(target), "tests"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"the tests cannot be collected:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
        return [Tie(*tie) for tie in json.loads(target.read_text(encoding="utf-8"))]
