"""What the processes' logs may hold when everything around them fails, and what they may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

#: What is said about the faults that a schedule holds, by how it begins.
EXPECTED = (
    "delta not pulled",
    "delta expired, starting anew",
    "resource not fetched",
    "delta refused, starting anew",
    "not reconciled",
    "reading waits for Protime",
    "store restarted under a pull",
    "reconciliation found changes",
    "subscriptions not checked",
    "subscription not created",
    "subscription not deleted",
    "store unreachable",
    "queue unreachable",
    "notifications not accepted",
    "Consumer encountered a connection error",  # Dramatiq's words, when Redis goes away
)
OURS = ("serve", "work", "work2", "schedule")


def surprises(directory: Path) -> list[str]:
    """Tracebacks, errors and warnings that no fault explains: `process: line`, each text once."""
    found: dict[tuple[str, str], str] = {}
    for name in OURS:
        for event, line in _alarming(directory / f"{name}.log"):
            found.setdefault((name, event), f"{name}: {line[:2000]}")
    return list(found.values())


def _alarming(log: Path) -> Iterator[tuple[str, str]]:
    for line in log.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            if not line.startswith("store.url: Redis does not answer"):
                yield line, line  # not of the log's form: what an interpreter prints when it fails
            continue
        event = str(entry.get("event", ""))
        quiet = entry["level"] in {"debug", "info"} or event.startswith(EXPECTED)
        if not quiet or "exception" in entry:
            yield event, line
