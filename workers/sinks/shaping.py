"""What a sink gets of an event: some properties of its record only, or some made unreadable. Pure.

The id and everything else that makes it the same event stay, so that a shaped event is recognised like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from workers.events import Event

REDACTED: Final = "***"
#: Properties of `data` without which nobody knows what an event is about.
_ALWAYS: Final = ("tenant", "collection", "id", "change")


def _path(text: str) -> str:
    if not all(text.split(".")):
        raise ValueError("must be names joined by dots, such as resource.comments")
    if text.partition(".")[0] in _ALWAYS:
        raise ValueError(f"{text} is part of every event: it cannot be shaped")
    return text


Path = Annotated[str, Field(min_length=1), AfterValidator(_path)]


def _in_a_record(text: str) -> str:
    record, dot, _ = text.partition(".")
    if record not in ("resource", "previous") or not dot:
        raise ValueError(
            f"{text} is not in the record, such as resource.comments; leave it out by `fields` instead"
        )
    return text


RecordPath = Annotated[Path, AfterValidator(_in_a_record)]


class Shape(BaseModel):
    """Paths below `data`, such as `meaning` or `resource.comments`.

    A path into `resource` holds for `previous` and `changes` as well. `fields`: only these stay; `redact`: their values
    become `***`, in the record only: everything else of an event has a form that others rely on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    fields: tuple[Path, ...] | None = Field(
        default=None, description="only these properties of `data` stay, such as meaning or resource.comments"
    )
    redact: tuple[RecordPath, ...] = Field(
        default=(), description="the values of these properties become `***`, such as resource.comments"
    )

    @property
    def changes_nothing(self) -> bool:
        return self.fields is None and not self.redact


def shaped(event: Event, shape: Shape) -> Event:
    """The event as the sink gets it."""
    if shape.changes_nothing:
        return event
    whole = event.as_dict()
    data = whole["data"]
    if shape.fields is not None:
        data = _kept(data, _everywhere(shape.fields))
    for path in _everywhere(shape.redact):
        _redact(data, path.split("."))
    data["changes"] = [_shaped_change(c, shape) for c in data.get("changes") or () if _stays(c, shape)]
    return Event(msgspec.json.encode({**whole, "data": data}))


def _everywhere(paths: Sequence[str]) -> list[str]:
    """A path into the record holds for the record before, too."""
    twins = [f"previous{p.removeprefix('resource')}" for p in paths if p.partition(".")[0] == "resource"]
    return [*paths, *twins]


def _kept(data: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: data[name] for name in _ALWAYS if name in data}
    for path in (*paths, "changes"):
        _copy(data, found, path.split("."))
    return found


def _copy(source: Any, target: dict[str, Any], names: Sequence[str]) -> None:
    name, rest = names[0], names[1:]
    if not isinstance(source, dict) or name not in source:
        return
    if not rest or source[name] is None:
        target[name] = source[name]
    elif isinstance(source[name], dict):
        below = target.setdefault(name, {})
        if isinstance(below, dict):
            _copy(source[name], below, rest)


def _redact(value: Any, names: Sequence[str]) -> None:
    if not isinstance(value, dict) or value.get(names[0]) is None:
        return
    if len(names) == 1:
        value[names[0]] = REDACTED
    else:
        _redact(value[names[0]], names[1:])


def _in_record(paths: Sequence[str]) -> list[str]:
    """Paths below the record, as `changes` names them; "" for the whole of it."""
    return [p.removeprefix("resource").lstrip(".") for p in paths if p.partition(".")[0] == "resource"]


def _within(paths: Sequence[str], changed: str) -> bool:
    """Whether a changed property lies under one of the paths, so that nothing else shows with it."""
    return any(p in ("", changed) or changed.startswith(f"{p}.") for p in paths)


def _touches(paths: Sequence[str], changed: str) -> bool:
    """Whether a changed property lies under one of the paths, or holds one of them."""
    return _within(paths, changed) or any(p.startswith(f"{changed}.") for p in paths)


def _stays(change: dict[str, Any], shape: Shape) -> bool:
    if shape.fields is None or "changes" in shape.fields:
        return True
    return _within(_in_record(shape.fields), change["path"])


def _shaped_change(change: dict[str, Any], shape: Shape) -> dict[str, Any]:
    if not _touches(_in_record(shape.redact), change["path"]):
        return change
    sides = {side: None if change[side] is None else REDACTED for side in ("before", "after")}
    return {"path": change["path"], **sides}
