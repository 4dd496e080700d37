"""What the code imports, read without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.dependencies.locks import ROOT, canonical

OURS = ("service", "workers", "simulator")


def foreign_modules(folders: tuple[str, ...] = OURS) -> dict[str, set[str]]:
    """Top-level modules of others, and the files that import them, in functions too."""
    found: dict[str, set[str]] = {}
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for name in _imported(path):
            if name not in sys.stdlib_module_names and name not in OURS:
                found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return found


def distributions(module: str) -> set[str]:
    """The packages that bring a module; none when it is not installed."""
    return {canonical(name) for name in packages_distributions().get(module, ())}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
