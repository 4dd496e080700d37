"""The lock files, read as pip reads them with `--require-hashes`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;]+)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)")


@dataclass(frozen=True)
class Locked:
    """One requirement. `version` is empty for one that is not pinned exactly."""

    text: str
    name: str
    version: str
    hashes: int


def locked(file: str) -> list[Locked]:
    """The requirements of a lock file, each with its continued lines."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [_requirement(line) for line in lines if line and not line.startswith("#")]


def canonical(name: str) -> str:
    """As package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirement(line: str) -> Locked:
    found = _PIN.match(line)
    name, version = (canonical(found["name"]), found["version"]) if found else ("", "")
    return Locked(line.partition(" --hash")[0], name, version, len(_HASH.findall(line)))
