"""Records and delta items of Protime as they go into the inbox: pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workers.protime import DeltaItem, Page
from workers.protime.not_json import NOT_JSON
from workers.store.inbox import NO_ID, VERSION, Arrival

#: No record has a longer id, and names of records are kept in many places.
_MOST_DIGITS = 64


class _Head(msgspec.Struct):
    id: int
    changeVersion: Annotated[str, VERSION] | None = None  # noqa: N815


_HEAD = msgspec.json.Decoder(_Head)


def of_item(collection: str, item: DeltaItem) -> Arrival:
    """An item of a delta. One whose head cannot be read goes in too, to be rejected with its data."""
    try:
        return of_change(collection, item.data, deleted=item.deleted)
    except NOT_JSON:
        return unreadable(collection, item.data)


def of_change(collection: str, data: msgspec.Raw, *, deleted: bool) -> Arrival:
    """A change by what Protime tells of it. Raises `msgspec.DecodeError` (`NOT_JSON`) when its head cannot be read."""
    head = _HEAD.decode(data)
    name = str(head.id)
    if len(name) > _MOST_DIGITS:
        raise msgspec.ValidationError(f"Expected `int` of at most {_MOST_DIGITS} digits - at `$.id`")
    # A copy: the raw value is a view into the whole answer or request.
    return Arrival(f"{collection}/{name}", head.changeVersion or "", deleted, b"" if deleted else bytes(data))


def unreadable(collection: str, data: msgspec.Raw) -> Arrival:
    """A change of which nobody knows which record it is about, or in which version: it will be rejected."""
    return Arrival(f"{collection}/{NO_ID}", "", deleted=False, data=bytes(data))


def why_unreadable(data: bytes) -> str:
    try:
        of_change("", msgspec.Raw(data), deleted=True)
    except NOT_JSON as error:
        return f"the record cannot be told from others: {error}"
    return "the record could not be told from others"


def of_page(collection: str, page: Page) -> list[Arrival]:
    """The records of a list's page."""
    return [of_item(collection, DeltaItem("InsertOrUpdate", msgspec.Raw(record))) for record in page.items]
