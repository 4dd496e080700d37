"""What lists and deltas need of a tenant: its client, its calendar day, and how its collections are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import structlog

from workers.protime import Patience, Protime, Transient, date_window, earliest_delta_start

log = structlog.get_logger()

#: A delta that is not asked for so long is dead (protime-api §6.1).
DELTA_LIFE_SECONDS = 72 * 3600.0


#: A long job waits so long for an answer to one request; whoever gave it out does it again later.
JOB_PATIENCE = Patience(total_seconds=300.0)


@dataclass(frozen=True)
class TenantReading:
    """`since`: where the window of a dated collection begins (`date.min`: as far back as a delta reaches).

    `references`: what its records carry along; `deltas`: the collections whose delta is kept; `delta_life`: how long
    one lives without being asked, in seconds.
    """

    client: Protime
    today: Callable[[], date]
    since: Mapping[str, date]
    references: Mapping[str, list[tuple[str, str]]]
    deltas: frozenset[str]
    delta_life: float = DELTA_LIFE_SECONDS

    def first_day(self, collection: str) -> date | None:
        """Where a whole read begins; None for a collection without dates.

        Where a delta is kept, it is never before its earliest start: what a list had beyond, nothing would keep up to date.
        """
        since = self.since.get(collection)
        if since is None or (since != date.min and collection not in self.deltas):
            return since
        return max(since, earliest_delta_start(self.today()))

    def asks(self, collection: str) -> str:
        """What is configured of the collection's reads, in short: another text when that was changed."""
        since, references = self.since.get(collection), self.references.get(collection, [])
        return " ".join(
            [since.isoformat() if since else "", *(f"{of}:{name}" for of, name in sorted(references))]
        )

    def window(self, collection: str) -> str | None:
        """The filter of a whole read by list."""
        first = self.first_day(collection)
        return None if first is None else date_window(first)

    def delta_window(self, collection: str) -> str | None:
        """The filter of a delta: it may begin neither before 1 January of the previous year nor in the future."""
        first, today = self.first_day(collection), self.today()
        return None if first is None else date_window(min(today, max(first, earliest_delta_start(today))))

    def patient(self, patience: Patience, **about: str) -> Self:
        """The same, with a client that waits for Protime: for a long job. A patience that tells nobody tells the log."""

        def told(error: Transient, seconds: float) -> None:
            log.warning("reading waits for Protime", error=str(error), seconds=round(seconds), **about)

        return replace(self, client=self.client.patient(replace(patience, told=patience.told or told)))
