"""Which events somebody wants to read: the query parameters `tenant`, `collection`, `type` and `subject`.

Each may be repeated: any of its values fits. Different ones must all fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workers.events import Event
from workers.store.event_pages import Heads, Wanted
from workers.store.inbox import Inbox
from workers.store.keys import Partition

#: Parameter → what it chooses.
FILTERS: Mapping[str, str] = {
    "tenant": "Only events of this tenant.",
    "collection": "Only events of this collection, such as `assignments`.",
    "type": "Only events of this type, such as `eu.myprotime.assignment.updated.v1`.",
    "subject": "Only events of this record, such as `assignments/757085`.",
}


@dataclass(frozen=True)
class EventFilter:
    """Chosen values; an empty set lets everything through."""

    tenant: frozenset[str] = frozenset()
    collection: frozenset[str] = frozenset()
    type: frozenset[str] = frozenset()
    subject: frozenset[str] = frozenset()

    def fits(self, event: Event) -> bool:
        head = event.head
        return (
            (not self.collection or head.data.collection in self.collection)
            and (not self.type or head.type in self.type)
            and (not self.subject or head.subject in self.subject)
        )

    def wanted(self, inbox: Inbox) -> Wanted:
        return Wanted(lambda heads: self._partitions(heads, inbox), self.fits)

    def _partitions(self, heads: Heads, inbox: Inbox) -> Iterable[Partition]:
        """A record lives in one partition: the others need not be looked into."""
        return [
            p
            for p in heads
            if (not self.tenant or p.tenant in self.tenant)
            and (not self.subject or p in {inbox.partition(p.tenant, subject) for subject in self.subject})
        ]
