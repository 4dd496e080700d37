"""The names of all keys, and which partition a resource belongs to.

All keys of a partition carry the hash tag `{tenant:partition}`: one Lua script may touch them together, on Redis
Cluster too.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property


def partition_of(resource: str, partitions: int) -> int:
    """The partition of `collection/id`. crc32 is stable over processes and releases; `hash()` is not."""
    return zlib.crc32(resource.encode()) % partitions


@dataclass(frozen=True)
class Partition:
    """One slice of a tenant: the unit of ordering, of leases and of atomic scripts."""

    tenant: str
    number: int

    @cached_property
    def prefix(self) -> str:
        return f"sw:{{{self.tenant}:{self.number}}}:"

    @cached_property
    def inbox(self) -> str:
        return self.prefix + "inbox"

    @cached_property
    def woken(self) -> str:
        return self.prefix + "woken"

    @cached_property
    def lease(self) -> str:
        return self.prefix + "lease"

    @cached_property
    def state(self) -> str:
        return self.prefix + "state"

    @cached_property
    def events(self) -> str:
        return self.prefix + "events"

    @cached_property
    def counts(self) -> str:
        return self.prefix + "counts"

    @cached_property
    def journal(self) -> str:
        return self.prefix + "journal"

    @cached_property
    def dead(self) -> str:
        return self.prefix + "dead"

    @cached_property
    def rejected(self) -> str:
        return self.prefix + "rejected"

    @cached_property
    def through(self) -> str:
        return self.prefix + "through"

    def waiting(self, collection: str) -> str:
        """The inbox of notifications that wait for a pull of their collection's delta."""
        return f"{self.inbox}:{collection}"

    def woken_for(self, collection: str) -> str:
        return f"{self.woken}:{collection}"

    def of_sink(self, kind: str, sink: str) -> str:
        """kind: `cursor`, `lease`, `retrying`, `parked`, `due`, `hold`, `kept`, `deliveries`, `replay` or `replayed`."""
        return f"{self.prefix}{kind}:{sink}"

    def __str__(self) -> str:
        return f"{self.tenant}:{self.number}"


def tenant_key(tenant: str, name: str) -> str:
    """A key of the tenant as a whole, such as `subscriptions` or `delta:assignments`."""
    return f"sw:{{{tenant}}}:{name}"
