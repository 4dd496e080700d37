"""The contract of a sink: one verb that says what can be tried again, and the options every sink shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Final, Literal, Protocol, Self, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from workers.changes.meaning import meanings
from workers.collections import WEBHOOK_COLLECTIONS, Collection
from workers.events import Event
from workers.sinks.collapse import Collapse
from workers.sinks.day_times import DayTimes, ZonedDayTimes
from workers.sinks.expressions import Expression
from workers.sinks.extras import Extra, installed
from workers.sinks.shaping import Shape

T = TypeVar("T")
Change = Literal["created", "updated", "deleted"]
#: Where an event can meet a defect on its way out.
Stage = Literal["filter", "shape", "sink"]
Origin = Literal["webhook", "delta", "sync", "reconcile", "replay"]
EventType = Annotated[
    str, Field(pattern=r"^eu\.myprotime\.[a-z][a-z_-]*\.(created|updated|deleted)\.v[1-9][0-9]*$")
]
PropertyPath = Annotated[str, Field(pattern=r"^[A-Za-z][^.\s]*(\.[^.\s]+)*$")]
#: One of these must match. An empty list would let nothing through, which nobody means: it is refused.
AnyOf = Annotated[tuple[T, ...], Field(min_length=1)]


class _Strict(BaseModel):
    # Values stay out of error texts: one of them may be a secret in the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Filter(_Strict):
    """Which events a sink gets: any of a list, and all of the keys. A key left out lets everything through."""

    tenants: AnyOf[str] | None = None
    collections: AnyOf[Collection] | None = None
    types: AnyOf[EventType] | None = None
    change: AnyOf[Change] | None = None
    meaning: AnyOf[str] | None = None
    persons: AnyOf[int] | None = None
    origins: AnyOf[Origin] | None = None
    short_notice: bool | None = None
    #: A changed property, or one below it: `person` stands for `person.id` too. Only updates have changes.
    any_changed: AnyOf[PropertyPath] | None = None
    #: An update in which nothing but times changed, and by less than so many minutes, is left out.
    minimum_move_minutes: Annotated[int, Field(ge=1)] | None = None
    #: The start of the work on its own clocks; what has no start is left out.
    starts_between: DayTimes | None = None
    #: When we learned of the change.
    learned_between: ZonedDayTimes | None = None
    expression: Expression | None = None

    @field_validator("meaning")
    @classmethod
    def _known_words(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        # A misspelt word would filter everything out in silence.
        known = sorted({word for name in WEBHOOK_COLLECTIONS for word in meanings(name)})
        for word in words or ():
            if word not in known:
                near = get_close_matches(word, known, n=1)
                raise ValueError(
                    f"holds a word that no event has. Did you mean {near[0]}?"
                    if near
                    else "holds a word that no event has. docs/events.md lists them"
                )
        return words


class Retry(_Strict):
    """How long an event is tried before it becomes a dead letter: by count and by age, whichever ends first."""

    max_attempts: int = Field(default=20, ge=1)
    min_seconds: float = Field(default=1, gt=0)
    max_seconds: float = Field(default=600, gt=0)
    max_age_seconds: float = Field(default=86_400, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_seconds < self.min_seconds:
            raise ValueError("max_seconds must not be smaller than min_seconds")
        return self


class SinkOptions(_Strict):
    """What every sink can be told. `type` names the sink in the registry; each sink narrows it to its own name.

    A sink whose client library is not always there sets `extra`, and imports it only when it is made.
    """

    extra: ClassVar[Extra | None] = None

    type: str
    filter: Filter = Filter()
    retry: Retry = Retry()
    #: How many events one delivery may carry.
    batch: int = Field(default=1, ge=1, le=1000)
    #: The whole of one attempt: connecting, sending, waiting for the answer.
    timeout_seconds: float = Field(default=15, gt=0, le=600)
    #: What becomes of events that our own writes have caused: `mark` sets the extension `ownwrite`, `drop` filters them out.
    own_writes: Literal["deliver", "mark", "drop"] = "deliver"
    #: What of an event the sink gets.
    shape: Shape = Shape()
    #: Wait for more events of a record and deliver the net change: one event, or none when nothing is left of them.
    collapse: Collapse | None = None

    @model_validator(mode="after")
    def _client_is_there(self) -> Self:
        if self.extra is not None:
            installed(self.extra)
        return self


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an event was not delivered, for people, and what may be done about it.

    `permanent`: trying again cannot help, the event becomes a dead letter.
    `retry_after`: the earliest next attempt in seconds, as the sink asked for it, not yet capped.
    `scope`: "event" when this event may be the cause; "sink" when the sink itself is away, so that other events would
    fail as well and the attempt says nothing about this one.
    `defect`: where something was raised that nobody expected. The lanes set it, a sink never does.
    """

    reason: str
    permanent: bool = False
    retry_after: float | None = None
    scope: Literal["event", "sink"] = "event"
    defect: Stage | None = None


class Sink(Protocol):
    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """Deliver in the order given. The answer: index in `events` → why that one was not delivered.

        `{}` means that all are durable at the sink. What can be expected to go wrong (an unreachable, slow or full
        sink, a refused event, a sink already closed) is a `Failure`, never an exception. No text holds a secret.
        After a failed event no later event of the same resource is delivered.
        """
        ...

    async def close(self) -> None:
        """Give back connections and files. May be called twice; `deliver` fails with scope "sink" from then on."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of a sink's target without giving it an event. Texts for people, without secrets.

    `problem`: why events would not be delivered now. `unseen`: what could not be looked at, and why. Neither: it took us in.
    """

    problem: str = ""
    unseen: str = ""


@runtime_checkable
class CanLook(Protocol):
    """A sink that can tell, for `check --online`, whether its target would take us in. Not every sink can."""

    async def look(self) -> Look:
        """Connects, logs in and goes, within the sink's time limit; makes and sends nothing that would stay."""
        ...


CLOSED: Final = Failure("the sink is closed", scope="sink")


@dataclass(frozen=True, slots=True)
class SinkType:
    """An entry of the registry. `create` takes the sink's name and its validated `options`, and opens nothing yet."""

    options: type[SinkOptions]
    create: Callable[[str, Any], Sink]
