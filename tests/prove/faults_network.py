"""The network between any two processes: cut, held up, slow, and half answers on connections that are dead then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.e2e.installation import ASSIGNMENTS
from tests.prove import relay
from tests.prove.fault import Fault, Moment
from tests.prove.relay import Relay, Way
from tests.workers.sinks.tcp_proxy import Weather

TEST = "tests/prove/test_network_faults.py"
#: A kind of trouble: what it is called, its cause, and what makes it happen.
Trouble = tuple[str, str, Callable[[Relay], Callable[[Moment], None]]]


def cut(way: Relay) -> Callable[[Moment], None]:
    def strike(moment: Moment) -> None:
        way.proxy.stop()
        time.sleep(moment.rng.uniform(0.5, 4.0))
        way.proxy.start()
        stayed(moment)

    return strike


def held_up(way: Relay) -> Callable[[Moment], None]:
    def strike(moment: Moment) -> None:
        with way.proxy.stalled():
            time.sleep(moment.rng.uniform(1.0, 8.0))
        stayed(moment)

    return strike


def slow(way: Relay) -> Callable[[Moment], None]:
    return _in(way, lambda _: Weather(seconds=0.2, per_second=50_000), 3.0, 6.0)


def half_answers(way: Relay) -> Callable[[Moment], None]:
    return _in(way, lambda moment: Weather(answers=moment.rng.choice((0, 1, 20, 200, 2000))), 1.0, 4.0)


def _in(
    way: Relay, weather: Callable[[Moment], Weather], least: float, most: float
) -> Callable[[Moment], None]:
    def strike(moment: Moment) -> None:
        with way.proxy.in_weather(weather(moment)):
            time.sleep(moment.rng.uniform(least, most))
        stayed(moment)

    return strike


def stayed(moment: Moment) -> None:
    """A network that comes back needs nobody who starts processes again."""
    assert moment.house.revive() == 0, "a process ended by itself"


TROUBLES: tuple[Trouble, ...] = (
    ("cut", "connections reset, nothing listens for 0.5 to 4 s", cut),
    ("held up", "nothing flows for 1 to 8 s, connections stay", held_up),
    ("slow", "0.2 s for each piece and 50 kB/s, for 3 to 6 s", slow),
    (
        "half answers",
        "each connection is dead after 0 to 2,000 bytes of answers, and nobody is told",
        half_answers,
    ),
)


def _faults(way: Way, effect: str, does: str, **how: Any) -> Iterator[Fault]:
    about = f" (`{how.pop('mode')}`)" if "mode" in how else ""
    for name, cause, make in TROUBLES:
        proxied = Relay(way)
        yield Fault(
            f"{way.name} {name}{about}",
            cause,
            effect,
            does,
            make(proxied),
            TEST,
            prepare=proxied.prepare,
            **how,
        )


def _fetching(mode: str) -> dict[str, Any]:
    return {
        "mode": mode,
        "every": False,
        "collections": {"assignments": {**ASSIGNMENTS["assignments"], "fetch": mode, "poll_seconds": 2}},
    }


FAULTS = (
    *_faults(
        relay.RECEIVER,
        "Protime cannot deliver, or does not hear the answer",
        "Protime repeats what was not answered 2xx; what came twice is superseded at the gate",
    ),
    *_faults(
        relay.RECEIVERS_STORE,
        "the receiver cannot append, or does not hear that it has",
        "it gives up a command after 2 s, asks once more, then answers 503; Protime repeats",
    ),
    *_faults(
        relay.WORKERS_STORE,
        "nothing is decided, delivered or noted",
        "the work lies in Redis; a command is given up after 5 s and goes on over a new connection; what was delivered "
        "and not noted is repeated with the same id",
    ),
    *_faults(
        relay.ONE_WORKERS_STORE,
        "its leases end after 2 s",
        "the sweep wakes the other one; its own late bookkeeping is refused, as the cursor has moved",
    ),
    *_faults(
        relay.SCHEDULERS_STORE,
        "no sweep, no timers",
        "changes flow as ever, as receiver and workers wake each other; a wake-up that got lost is made up for later",
    ),
    *_faults(
        relay.API,
        "no delta can be pulled",
        "a request without an answer is given up after 30 s, one whose connection was cut at once; the delta goes on from "
        "its stored link; notifications wait for it for 30 s, then go on as they were signed",
        **_fetching("delta"),
    ),
    *_faults(
        relay.API,
        "no record can be fetched",
        "a request without an answer is given up after 10 s, and nothing else waits for it; what is to be fetched stays in "
        "the inbox and is asked for again, and after 30 s goes on as it was signed",
        **_fetching("resource"),
    ),
    *_faults(
        relay.SINK,
        "deliveries fail, or their answers are lost",
        "they are repeated with the same id, behind a breaker, until the sink answers",
        house={"sink": {"batch": 50, "timeout_seconds": 2}},
    ),
)
