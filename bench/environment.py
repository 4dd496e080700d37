"""The interpreter of the baselines, beside the packages of their own lock file: Shiftwire itself needs none of them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
ENVIRONMENTS = HERE.parent / ".venv-bench"
SECONDS = 300


def python() -> Path:
    """Made once for each state of the lock file; raises `CalledProcessError` when a package cannot be installed."""
    folder = ENVIRONMENTS / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    found = folder / "bin" / "python"
    if not found.exists():
        shutil.rmtree(ENVIRONMENTS, ignore_errors=True)
        _make(folder)
    return found


def _make(folder: Path) -> None:
    """Appears under its name only when it is complete."""
    building = folder.with_name(f"{folder.name}.part")
    pip = [str(building / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", str(building)],
        [*pip, "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK)],
    ):
        subprocess.run(command, check=True, timeout=SECONDS)
    building.rename(folder)
