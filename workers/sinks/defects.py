"""What nobody expected an event to do: an exception of a filter, of a shape or of a sink's own code becomes a `Failure`.

A failure says the stage, the kind of exception and where it was raised, and never its words: they may hold what the event holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from traceback import extract_tb
from typing import Final

import structlog
from redis.exceptions import RedisError

from workers.events import Event
from workers.sinks.base import Failure, Sink, Stage

log = structlog.get_logger()

#: Raised by a sink these say that it is away, or cannot work at all here: any other event would meet them as well.
_OF_THE_SINK: Final = (OSError, EOFError, RedisError, ImportError, MemoryError)


def of_event(stage: Stage, error: Exception) -> Failure:
    """A filter and a shape depend on nothing but the event: trying again cannot help."""
    return Failure(_words(stage, error), permanent=True, defect=stage)


def of_delivery(error: Exception) -> Failure:
    """Whether it was the event's fault only repetitions can tell: an answer in the wrong form raises a ValueError, too."""
    words = _words("sink", error)
    if _concerns_the_sink(error):
        return Failure(words, scope="sink", defect="sink")
    return Failure(words, defect="sink")


async def handed(name: str, sink: Sink, events: Sequence[Event]) -> Mapping[int, Failure]:
    """`Sink.deliver`, which raises nothing here and names no event that it was not given."""
    every = range(len(events))
    try:
        failures = await sink.deliver(events)
        if all(index in every and isinstance(f, Failure) for index, f in failures.items()):
            return failures
    except Exception as error:  # noqa: BLE001 a sink's defect must not stop its lanes
        failure = of_delivery(error)
        log.warning("a sink raised what it should have answered", sink=name, reason=failure.reason)
    else:
        # What it meant nobody knows: to believe it could lose an event.
        failure = Failure("defect in the sink: its answer names no event", scope="sink", defect="sink")
    return dict.fromkeys(every, failure)


def _concerns_the_sink(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_concerns_the_sink(inner) for inner in error.exceptions)
    return isinstance(error, _OF_THE_SINK)


def _words(stage: Stage, error: Exception) -> str:
    frames = extract_tb(error.__traceback__)
    where = f" ({PurePath(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"defect in the {stage}: {type(error).__name__}{where}"
