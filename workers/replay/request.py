"""What an operator asks to be told again, checked against the configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from workers.changes import COLLECTIONS, EVENT_TYPES
from workers.config import Config
from workers.config.mistakes import suggestion
from workers.replay.conditions import Conditions
from workers.replay.times import NotATime, moment

_NOT_QUOTED_BEYOND = 60

#: Name of a field of `ReplayRequest`, and what is wrong with it and what to do.
Problem = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """As it was written. Any of the values of `tenant`, `type` and `collection` fits; empty ones leave nothing out.

    `force`: also where the sink got a newer version that is not told again.
    """

    sink: str
    since: str | None = None
    until: str | None = None
    type: Sequence[str] = ()
    tenant: Sequence[str] = ()
    collection: Sequence[str] = ()
    subject: str | None = None
    force: bool = False


@dataclass(frozen=True)
class ReplayOrder:
    """What can be carried out."""

    sink: str
    tenants: tuple[str, ...]
    conditions: Conditions
    force: bool


class BadReplayRequest(ValueError):
    """`problems` holds all of them, in the order of the fields."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(f"{name}: {text}" for name, text in problems))
        self.problems = list(problems)


def checked(config: Config, asked: ReplayRequest) -> ReplayOrder:
    """Raises `BadReplayRequest`."""
    tenants = [name for name in dict.fromkeys(asked.tenant or config.tenants) if name in config.tenants]
    collections = sorted({name for tenant in tenants for name in config.tenants[tenant].collections})
    zones = {config.tenants[tenant].zone for tenant in tenants or config.tenants}
    problems = [
        *_unknown("sink", [asked.sink], config.sinks),
        *_unknown("type", asked.type, EVENT_TYPES, shown=_types(collections)),
        *_unknown("tenant", asked.tenant, config.tenants),
        *(_unknown("collection", asked.collection, collections) if tenants else ()),
    ]
    since_ms, until_ms = (_moment(problems, name, getattr(asked, name), zones) for name in ("since", "until"))
    if since_ms is not None and until_ms is not None and until_ms <= since_ms:
        problems.append(("until", "must be later than since: the range is empty."))
    if problems:
        raise BadReplayRequest(problems)
    conditions = Conditions(tuple(asked.type), tuple(asked.collection), asked.subject, since_ms, until_ms)
    return ReplayOrder(asked.sink, tuple(tenants), conditions, asked.force)


def no_such_sink(sink: str, config: Config) -> str:
    """What to say of a name that is none."""
    return _no_such(sink, config.sinks)


def _unknown(
    field: str, names: Iterable[str], known: Iterable[str], *, shown: Iterable[str] | None = None
) -> Iterator[Problem]:
    """`shown`: of the known ones those that may have been meant."""
    for name in dict.fromkeys(names):
        if name not in known:
            yield field, _no_such(name, known if shown is None else shown)


def _types(collections: Iterable[str]) -> list[str]:
    """Of events that the configuration makes. The log may hold others, of collections that are no longer in it."""
    return [
        name
        for collection in collections
        for name in EVENT_TYPES
        if name.startswith(f"eu.myprotime.{COLLECTIONS[collection].singular}.")
    ]


def _no_such(name: str, known: Iterable[str]) -> str:
    quoted = name[:_NOT_QUOTED_BEYOND]
    return f"there is no {quoted}. {suggestion(quoted, known, label='Known')}"


def _moment(problems: list[Problem], field: str, text: str | None, zones: set[ZoneInfo]) -> int | None:
    try:
        return None if text is None else moment(text, zones)
    except NotATime as error:
        problems.append((field, str(error)))
        return None
