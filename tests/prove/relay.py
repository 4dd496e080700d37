"""A TCP proxy on one of the ways of an installation: what goes this way can be cut, held up, slowed and swallowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.e2e.installation import Installation, merged
from tests.workers.sinks.tcp_proxy import TcpProxy

Lead = Callable[[Installation, int], None]


@dataclass(frozen=True)
class Way:
    """From one process to another. `port` is where it ends, `lead` makes it go through a port of our own."""

    name: str
    port: Callable[[Installation], int]
    lead: Lead


class Relay:
    """One installation at a time: `prepare` is that of a `Fault`, `proxy` is there from then on."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self.proxy: TcpProxy

    def prepare(self, house: Installation) -> Callable[[], None]:
        self.proxy = TcpProxy("127.0.0.1", self._way.port(house))
        self.proxy.start()
        self._way.lead(house, self.proxy.port)
        house.write_configuration()
        return self.proxy.close


def _to_the_receiver(house: Installation, port: int) -> None:
    house.extra = {**house.extra, "public_url": f"http://127.0.0.1:{port}"}


def _to_the_store(name: str) -> Lead:
    """Of one process (`work2`), or of all of a kind."""

    def lead(house: Installation, port: int) -> None:
        _other(house, name, {"store": {"url": f"redis://127.0.0.1:{port}/0"}})

    return lead


def _to_protime(house: Installation, port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    _other(house, "work", {"tenants": {"acme": {"base_url": url, "auth_url": url}}})


def _to_the_sink(house: Installation, port: int) -> None:
    house.sink = {**house.sink, "url": f"http://127.0.0.1:{port}/in"}


def _other(house: Installation, name: str, what: dict[str, Any]) -> None:
    house.config_of = merged(house.config_of, {name: what})


RECEIVER = Way("Protime → receiver", lambda house: house.port, _to_the_receiver)
RECEIVERS_STORE = Way("receiver → Redis", lambda house: house.redis_port, _to_the_store("serve"))
WORKERS_STORE = Way("workers → Redis", lambda house: house.redis_port, _to_the_store("work"))
ONE_WORKERS_STORE = Way("one of two workers → Redis", lambda house: house.redis_port, _to_the_store("work2"))
SCHEDULERS_STORE = Way("scheduler → Redis", lambda house: house.redis_port, _to_the_store("schedule"))
API = Way("workers → Protime's API", lambda house: house.simulator_port, _to_protime)
SINK = Way("workers → sink", lambda house: house.subscriber.port, _to_the_sink)
