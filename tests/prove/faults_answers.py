"""What Protime's API and token endpoint may answer, or not. While they do, nothing new can come by a delta or a fetch:
a strike ends with its cause, and the flow is measured from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from tests.prove.fault import Fault, Moment
from tests.prove.front import Front, Manner
from tests.prove.fronted import Episode, Fronted, away, before_protime, behaving
from tests.prove.manners import (
    answers,
    answers_until,
    by_turns,
    drips,
    garbage,
    half,
    hangs,
    hangs_up,
    takes_and_hangs_up,
)
from tests.prove.protime_modes import in_modes

ERRORS = "tests/workers/protime/test_errors.py"
HTML = "<html><head><title>Service Unavailable</title></head><body><h1>Try later</h1></body></html>"
TRIED = "a delta is tried again after 1, 2, 4 … s, a single record after 1 s; notifications wait for them up to 30 s"


def broken_answers(front: Front, moment: Moment) -> AbstractContextManager[None]:
    halves = half(moment.rng, closes=True), half(moment.rng, closes=False)
    return front.behaving(by_turns(*halves, hangs_up, takes_and_hangs_up, garbage))


def in_place_of_protime(status: int, *more: Manner) -> Episode:
    """A gateway's page, and JSON of another program."""
    bodies = ("{}", "null", '{"value":', '{"path": "/connector"}')
    json = (answers(status, "content-type: application/json", body=body) for body in bodies)
    return behaving(answers(status, "content-type: text/html", body=HTML), *json, *more)


def of_api(
    name: str, cause: str, effect: str, does: str, episode: Episode, test: str = ERRORS
) -> Iterator[Fault]:
    """For the modes that must ask Protime to learn of a change."""

    def make() -> Fault:
        front = Fronted(before_protime, episode)
        return Fault(name, cause, effect, does, front.strike, test, prepare=front.prepare)

    return in_modes(make, "delta", "resource")


FAULTS: tuple[Fault, ...] = (
    *of_api(
        "too many requests",
        "429 for everything, with `Retry-After` in seconds and as a date, by turns",
        "pulls and fetches fail",
        "all processes are silent for as long as Protime asks; notifications are accepted meanwhile",
        behaving(answers(429, "retry-after: 1"), answers_until(429, 2)),
        "tests/workers/protime/test_retry_after.py",
    ),
    *of_api(
        "Protime answers 500",
        "an internal error, in Protime's form and as a gateway's page, by turns",
        "pulls and fetches fail",
        TRIED,
        behaving(
            answers(
                500,
                body='{"error": {"code": "InternalServerError", "message": "An internal error occurred"}}',
            ),
            answers(500, "content-type: text/html", body=HTML),
        ),
    ),
    *of_api(
        "Protime answers 409",
        "a conflict, in Protime's form",
        "pulls and fetches fail; the third time in a row the link counts as lost",
        f"a link is asked again before it is given up for a new walk; {TRIED}",
        behaving(
            answers(409, body='{"error": {"code": "Conflict", "message": "A concurrency conflict occurred"}}')
        ),
        "tests/workers/test_deltas.py",
    ),
    *of_api(
        "maintenance",
        "503 with `Retry-After` and a gateway's page; 502 and 504 without",
        "pulls and fetches fail",
        f"nothing is asked before the time that Protime names; {TRIED}",
        behaving(answers(503, "retry-after: 1", body=HTML), answers(502, body=HTML), answers(504)),
    ),
    *of_api(
        "a gateway answers 200",
        "200 with a page, nothing at all, half of a JSON, or the JSON of another program, by turns",
        "a success that is none",
        f"what is not Protime's form counts as a failure and never as an empty answer; {TRIED}",
        in_place_of_protime(200, answers(200), answers(200, body='{"value": []}')),
    ),
    *of_api(
        "a gateway answers 404",
        "404 with a page, half of a JSON, or the JSON of another program, by turns",
        "it looks as if records were gone",
        f"only a 404 in Protime's form, or without any body, says that a record is gone; {TRIED}",
        in_place_of_protime(404),
    ),
    *of_api(
        "broken answers",
        "half an answer, then a close or silence; a close instead of an answer; something that is not HTTP",
        "pulls and fetches fail in the middle",
        f"a delta's link is stored after its items, so a pull is repeated from where it was; {TRIED}",
        broken_answers,
    ),
    *of_api(
        "Protime never answers",
        "it accepts requests and stays silent, then cuts them off",
        "pulls hang for 30 s at most, fetches for 10 s",
        TRIED,
        behaving(hangs),
    ),
    *of_api(
        "Protime drips",
        "one byte a second",
        "pulls and fetches do not come to their end",
        TRIED,
        behaving(drips),
    ),
    *of_api(
        "Protime not reachable",
        "its port is closed and connections are cut",
        "pulls and fetches fail at once",
        TRIED,
        away,
    ),
)
