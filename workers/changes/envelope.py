"""The event as it is written: a CloudEvent 1.0.2, property by property in the order of the JSON.

The JSON Schemas are made from these classes too. Reading an event is `workers.events`: it is more tolerant, because the
log may hold events of another release.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
_SECONDS = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
LocalTime = Annotated[str, msgspec.Meta(pattern=_SECONDS + r"[+-]\d\d:\d\d$")]
UtcTime = Annotated[str, msgspec.Meta(pattern=_SECONDS + r"\.\d{3}Z$")]
Origin = Literal["webhook", "delta", "sync", "reconcile", "replay"]


class Person(msgspec.Struct, frozen=True, gc=False):
    """Whom the record is about."""

    id: int


class Notice(msgspec.Struct, frozen=True, gc=False):
    """Minutes from the time we learned of the change to the start of the work; `short` below the tenant's threshold."""

    minutes: int
    short: bool


class FieldChange(msgspec.Struct, frozen=True):
    """One property that differs; null where it is absent."""

    path: str
    before: Any
    after: Any


class Data(msgspec.Struct, frozen=True):
    """The change. `resource` is null for a deletion that Protime sent without the record."""

    tenant: Text
    collection: Text
    id: int
    change: Literal["created", "updated", "deleted"]
    meaning: list[str]
    person: Person | None
    start: LocalTime | None
    end: LocalTime | None
    notice: Notice | None
    changes: list[FieldChange]
    resource: dict[str, Any] | None
    previous: dict[str, Any] | None


class CloudEvent(msgspec.Struct, frozen=True):
    """Context attributes, the extensions `sequence`, `partitionkey` and `origin`, and the data.

    `ownwrite` and `collapsed` are added on the way to a sink that asked for them; the log does not have them.
    """

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Text
    subject: Text
    time: UtcTime
    datacontenttype: Literal["application/json"]
    dataschema: Text
    sequence: Text
    partitionkey: Text
    origin: Origin
    data: Data
    ownwrite: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    collapsed: Annotated[int, msgspec.Meta(ge=2)] | msgspec.UnsetType = msgspec.UNSET
