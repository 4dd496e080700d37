"""What both lanes of a sink need: the sinks with their breakers, leases, and what is known of our own writes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from workers import clock
from workers.breakers import Breakers
from workers.changes import TenantView
from workers.delivery import Delivery
from workers.echoes import Echoes
from workers.passage import Passage
from workers.sinks.base import Sink, SinkOptions
from workers.store.lanes import Lane
from workers.store.leases import Lease, Leases


@dataclass
class Serving:
    """`views`: how each tenant's records are read; `stopping`: nothing new is begun any more."""

    sinks: Mapping[str, tuple[SinkOptions, Sink]]
    views: Mapping[str, TenantView]
    leases: Leases
    breakers: Breakers
    echoes: Echoes
    stopping: bool = False

    def delivery(self, lane: Lane, lease: Lease, passage: Passage) -> Delivery:
        options, _ = self.sinks[lane.sink]
        return Delivery(options, passage, lease, clock.now, random.random, passage.held, passage.taken_ms)
