"""Records and delta items of Protime as they go into the inbox: pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workers.protime import DeltaItem, Page
from workers.protime.not_json import NOT_JSON
from workers.store.inbox import NO_ID, VERSION, Arrival


class _Head(msgspec.Struct):
    id: int
    changeVersion: Annotated[str, VERSION] | None = None  # noqa: N815


_HEAD = msgspec.json.Decoder(_Head)


def of_item(collection: str, item: DeltaItem) -> Arrival:
    """An item of a delta. One without an integer id goes in too, to be rejected with its data."""
    try:
        head = _HEAD.decode(item.data)
    except NOT_JSON:
        return Arrival(f"{collection}/{NO_ID}", "", deleted=False, data=bytes(item.data))
    data = b"" if item.deleted else bytes(item.data)
    return Arrival(f"{collection}/{head.id}", head.changeVersion or "", deleted=item.deleted, data=data)


def of_page(collection: str, page: Page) -> list[Arrival]:
    """The records of a list's page."""
    return [of_item(collection, DeltaItem("InsertOrUpdate", msgspec.Raw(record))) for record in page.items]
