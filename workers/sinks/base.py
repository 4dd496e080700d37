"""The contract of a sink: one verb that says what can be tried again, and the options every sink shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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

    tenants: AnyOf[str] | None = Field(default=None, description="of these tenants")
    collections: AnyOf[Collection] | None = Field(default=None, description="of these collections")
    types: AnyOf[EventType] | None = Field(
        default=None, description="of these types, such as eu.myprotime.assignment.updated.v1"
    )
    change: AnyOf[Change] | None = Field(default=None, description="of these kinds of change")
    meaning: AnyOf[str] | None = Field(
        default=None, description="with one of these meanings (docs/events.md)"
    )
    persons: AnyOf[int] | None = Field(default=None, description="of these persons, by the id at Protime")
    origins: AnyOf[Origin] | None = Field(default=None, description="that we learned of in one of these ways")
    short_notice: bool | None = Field(
        default=None, description="true: with short notice only; false: without"
    )
    any_changed: AnyOf[PropertyPath] | None = Field(
        default=None,
        description="updates in which one of these properties changed, or one below it: `person` stands for `person.id` too",
    )
    minimum_move_minutes: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="leaves out updates in which only times changed, and by less than so many minutes",
    )
    starts_between: DayTimes | None = Field(
        default=None,
        description="work that starts at this time of the day, on its own clocks; what has no start is left out",
    )
    learned_between: ZonedDayTimes | None = Field(
        default=None, description="changes that we learned of at this time of the day"
    )
    expression: Expression | None = Field(
        default=None, description="a JMESPath expression over the event that must be true"
    )

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

    max_attempts: int = Field(default=20, ge=1, description="how often an event is tried")
    min_seconds: float = Field(
        default=1, gt=0, description="the pause after the first failure; it doubles with each"
    )
    max_seconds: float = Field(default=600, gt=0, description="the longest pause")
    max_age_seconds: float = Field(
        default=86_400, gt=0, description="how long after its first attempt an event is tried"
    )

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

    type: str = Field(description="the kind of sink")
    filter: Filter = Field(
        default=Filter(),
        description="which events it gets: all of these conditions hold; a key left out lets everything through",
    )
    retry: Retry = Field(
        default=Retry(),
        description="how long an event is tried before it becomes a dead letter, by count and by age",
    )
    batch: int = Field(
        default=1, ge=1, le=1000, description="how many events one delivery may carry, or be under way"
    )
    timeout_seconds: float = Field(
        default=15,
        gt=0,
        le=600,
        description="the whole of one attempt: connecting, sending, waiting for the answer",
    )
    own_writes: Literal["deliver", "mark", "drop"] = Field(
        default="deliver",
        description="what becomes of events that our own writes have caused: `mark` sets the extension `ownwrite`, `drop` filters them out",
    )
    shape: Shape = Field(default=Shape(), description="what of an event the sink gets")
    collapse: Collapse | None = Field(
        default=None,
        description="wait for more events of a record and deliver the net change: one event, or none when nothing is left of them",
    )

    def cautions(self) -> Iterator[tuple[str, str]]:
        """Option and text of what is allowed and better otherwise."""
        return iter(())

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
