"""A webhook sink that misbehaves in every way HTTP allows, asked for one event at a time and for batches of 50."""

from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import chain

from tests.prove.fault import Fault, Moment
from tests.prove.front import Front
from tests.prove.fronted import Episode, Fronted, away, before_sink, behaving, for_one_record
from tests.prove.manners import (
    answers,
    by_turns,
    drips,
    endless_interim,
    garbage,
    half,
    hangs,
    hangs_up,
    huge_body,
    huge_head,
    reads_slowly,
    takes_and_hangs_up,
)

HOSTILE = "tests/workers/sinks/test_webhook_hostile.py"
ABSENT = "tests/e2e/test_absent_sink.py"
FAILING = "tests/e2e/test_failing_sink.py"
REFUSED = (
    "the sink is away: after five failures nothing is sent but one probe at a time, at first every 0.1 s"
)
#: Beyond `timeout_seconds`, which is 1 here.
BEYOND = (1.5, 3.0)
REPEATED = "it counts as not delivered and is sent again with the same id, in order"


def half_answers(front: Front, moment: Moment) -> AbstractContextManager[None]:
    return front.behaving(by_turns(half(moment.rng, closes=True), half(moment.rng, closes=False)))


def both(
    name: str,
    cause: str,
    effect: str,
    does: str,
    episode: Episode,
    test: str,
    seconds: tuple[float, float] = (0.5, 2.5),
) -> tuple[Fault, Fault]:
    """The fault for a sink that is sent one event at a time, and for one that is sent batches of 50."""

    def fault(batch: int, how: str) -> Fault:
        front = Fronted(before_sink, episode, seconds)
        sink = {"batch": batch, "timeout_seconds": 1}
        return Fault(
            f"{name}, {how}",
            cause,
            effect,
            does,
            front.strike,
            test,
            house={"sink": sink},
            prepare=front.prepare,
        )

    return fault(1, "one at a time"), fault(50, "batches of 50")


FAULTS: tuple[Fault, ...] = tuple(
    chain(
        both(
            "sink never answers",
            "it accepts requests and stays silent",
            "each is given up after `timeout_seconds` (here 1 s)",
            f"{REFUSED}; what was under way is sent again with the same id",
            behaving(hangs),
            ABSENT,
            BEYOND,
        ),
        both(
            "sink not reachable",
            "its port is closed and its connections are cut",
            "connections are refused",
            f"{REFUSED}; what was under way is sent again with the same id",
            away,
            ABSENT,
        ),
        both(
            "sink hangs up",
            "it closes each connection without reading",
            "resets before an answer; each may be the doing of the event that was sent",
            "the event is tried again by itself, behind it only its own record waits; five in a row count as an absent sink",
            behaving(hangs_up),
            HOSTILE,
        ),
        both(
            "sink takes and hangs up",
            "it takes the events and closes the connection before its answer",
            "the events look as if they had not arrived",
            REPEATED,
            behaving(takes_and_hangs_up),
            HOSTILE,
        ),
        both(
            "half an answer",
            "it takes the events; its answer ends anywhere, by a close or in silence",
            "a whole head counts whatever follows; without one the events look as if they had not arrived",
            REPEATED,
            half_answers,
            HOSTILE,
        ),
        both(
            "one byte a second",
            "it takes the events and answers, or reads them, with one byte a second",
            "no head within `timeout_seconds`, which counts for all of the exchange",
            f"given up at the deadline; {REPEATED}",
            behaving(drips, reads_slowly),
            HOSTILE,
            BEYOND,
        ),
        both(
            "huge answers",
            "a terabyte of body, a head without an end, interim answers for ever, by turns",
            "4 KB of a body are read, a head of 100 KB is refused, and nothing lasts longer than `timeout_seconds`",
            f"a 2xx with any body is delivered; the others are tried again: {REPEATED}",
            behaving(huge_body, huge_head, endless_interim),
            HOSTILE,
        ),
        both(
            "something that is not HTTP",
            "another program answers at its port",
            "the answer has no status",
            "as when it hangs up: tried again, and five in a row count as an absent sink",
            behaving(garbage),
            HOSTILE,
        ),
        both(
            "sink answers 500",
            "an error in the receiver, for everything",
            "each may be the doing of the event that was sent",
            "the event is tried again by itself, behind it only its own record waits; five in a row count as an absent sink",
            behaving(answers(500, body="an internal error")),
            FAILING,
        ),
        both(
            "sink busy or restarting",
            "503 and 429 with `Retry-After: 1`, 502 and 504 without, by turns",
            "the answer is about the sink and not about an event",
            f"{REFUSED}, and not before the time it asks for",
            behaving(
                answers(503, "retry-after: 1"), answers(429, "retry-after: 1"), answers(502), answers(504)
            ),
            FAILING,
        ),
        both(
            "sink redirects",
            "301, 302, 307 and 308 to another address, by turns",
            "redirects are not followed: the other address was never allowed",
            f"{REFUSED}; the reason says what to configure",
            behaving(*(answers(n, "location: http://127.0.0.1:9/elsewhere") for n in (301, 302, 307, 308))),
            HOSTILE,
        ),
        both(
            "sink misconfigured",
            "401, 403, 404 and 410 for everything, by turns: a wrong credential, a route that a release forgot",
            "no event could pass, so none is refused for good",
            f"{REFUSED}; nothing becomes a dead letter before the budget by age (24 h) is used up",
            behaving(*(answers(n) for n in (401, 403, 404, 410))),
            "tests/workers/sinks/test_webhook_answers.py",
        ),
        both(
            "one record answered 500",
            "whatever holds one record is answered with 500",
            "one event fails, in a batch its neighbours with it",
            "a batch is halved until the event stands alone; its record waits for its retries, nothing else does",
            for_one_record(answers(500)),
            FAILING,
        ),
        both(
            "one record hangs the sink",
            "whatever holds one record is never answered",
            "it looks like an absent sink",
            "probes are other events: as soon as one passes the sink is back, and the record waits alone",
            for_one_record(hangs),
            FAILING,
            BEYOND,
        ),
    )
)
