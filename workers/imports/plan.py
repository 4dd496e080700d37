"""Which rows of the file are which steps of the journal. Pure.

Equal rows share what was done for their content: of three equal rows of which two were created, one is left to send,
wherever in the file they stand. So lines may be added, removed or moved between two runs.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from workers.imports.journal import Key, Line
from workers.imports.rows import Row

#: What is done is given to the first equal rows; what may be done comes next.
_RANK = {"created": 0, "sending": 1, "refused": 2}


class Job(NamedTuple):
    """A row and what is known of it; `known` is None for a row that was never sent."""

    row: Row
    key: Key
    known: Line | None

    @property
    def done(self) -> bool:
        return self.known is not None and self.known.step == "created"

    @property
    def doubtful(self) -> bool:
        """It may exist at Protime, or not."""
        return self.known is not None and self.known.step == "sending"


def plan(rows: Iterable[Row], steps: Mapping[Key, Line]) -> list[Job]:
    """A job for each row without a mistake, in the order of the file."""
    lines: defaultdict[str, list[Line]] = defaultdict(list)
    for line in sorted(steps.values(), key=lambda line: (_RANK[line.step], line.n), reverse=True):
        lines[line.row].append(line)
    highest: defaultdict[str, int] = defaultdict(int)
    for key in steps:
        highest[key.row] = max(highest[key.row], key.n)
    jobs = []
    for row in rows:
        if row.mistakes:
            continue
        digest = content_hash(row.body)
        known = lines[digest].pop() if lines[digest] else None
        highest[digest] += known is None
        jobs.append(Job(row, known.key if known else Key(digest, highest[digest]), known))
    return jobs


def content_hash(body: Mapping[str, Any]) -> str:
    """The same for bodies that differ in the order of their properties alone."""
    return hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
