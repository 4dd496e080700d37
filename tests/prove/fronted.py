"""Faults of a front: it is put in place before anything runs, and misbehaves for a while at each strike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.installation import Installation, until
from tests.prove.fault import Moment
from tests.prove.front import Front, Manner, to_port, to_subscriber
from tests.prove.manners import by_turns

#: What the front does at a strike, as a context that ends with its cause.
Episode = Callable[[Front, Moment], AbstractContextManager[None]]


@dataclass
class Fronted:
    """`prepare` and `strike` of a fault. The episode lasts a random time of `seconds` (least, most)."""

    place: Callable[[Installation], Front]
    episode: Episode
    seconds: tuple[float, float] = (0.5, 2.5)
    _fronts: dict[int, Front] = field(default_factory=dict)

    def prepare(self, house: Installation) -> Callable[[], None]:
        front = self._fronts[id(house)] = self.place(house)
        house.write_configuration()
        return front.close

    def strike(self, moment: Moment) -> None:
        """Lasts until somebody met it, at least: else it would prove nothing."""
        front = self._fronts[id(moment.house)]
        before = front.met
        with self.episode(front, moment):
            time.sleep(moment.rng.uniform(*self.seconds))
            if self.episode is not away:
                until(lambda: front.met > before, 30, "somebody meets the fault")


def before_sink(house: Installation) -> Front:
    front = Front(to_subscriber(house.subscriber))
    house.sink = {**house.sink, "url": f"{front.url}/in"}
    return front


def before_protime(house: Installation) -> Front:
    """API and token endpoint; notifications and the simulator's controls do not pass here."""
    front = Front(to_port(house.simulator_port))
    addresses: Mapping[str, Any] = {"base_url": front.url, "auth_url": front.url}
    house.tenant = {**house.tenant, **addresses}
    return front


def away(front: Front, _: Moment) -> AbstractContextManager[None]:
    """Nobody listens at the port."""
    return front.away()


def behaving(*manners: Manner) -> Episode:
    """With several, each request meets the next one."""
    return lambda front, _: front.behaving(by_turns(*manners))


def for_one_record(manner: Manner) -> Episode:
    """One of the records that came last is changed, and every request that holds it meets this manner."""

    @contextmanager
    def episode(front: Front, moment: Moment) -> Iterator[None]:
        sink = moment.house.subscriber
        until(lambda: sink.events, 15, "a first event")
        subject = moment.rng.choice(sink.events[-100:])["subject"]
        known = f'"subject":"{subject}"'.encode()
        with front.behaving(manner, only=lambda body: known in body):
            moment.house.protime.generate(resources=[int(subject.partition("/")[2])], changes=5)
            yield

    return episode
