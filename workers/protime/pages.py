"""Answers of lists and deltas: bytes in, pages out. Pure.

A success that is no page of records came from something in front of Protime: Malformed, to be tried again.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from workers.protime.errors import Malformed
from workers.protime.models import (
    INSERT_OR_UPDATE,
    DeltaItem,
    DeltaPage,
    Page,
    Resource,
    Webhook,
    WebhookPage,
)
from workers.protime.not_json import NOT_JSON

T = TypeVar("T")


class _Changes(msgspec.Struct, frozen=True, rename="camel"):
    items: list[DeltaItem] = msgspec.field(name="value", default_factory=list)
    next_link: str | None = None
    delta_link: str | None = None


_PAGE = msgspec.json.Decoder(Page)
_CHANGES = msgspec.json.Decoder(_Changes)
_PROPERTIES = msgspec.json.Decoder(dict[str, Any])
_ITEM = msgspec.json.Decoder(DeltaItem)


def resource(body: bytes) -> Resource:
    """One record, only looked at to tell it from a gateway's page."""
    if body.lstrip()[:1] != b"{":
        raise Malformed("the answer is not a record")
    return Resource(body)


def page(body: bytes) -> Page:
    return decode(_PAGE, body)


def initial(body: bytes) -> DeltaPage:
    """A page of a delta's start: bare records, given as items that were inserted or updated."""
    found = decode(_PAGE, body)
    items = [DeltaItem(INSERT_OR_UPDATE, record) for record in found.items]
    return _delta_page(items, found.delta_link, found.next_link)


def changes(body: bytes) -> DeltaPage:
    """An answer of a delta link. One item of another shape does not spoil the others."""
    try:
        found = _CHANGES.decode(body)
    except (msgspec.ValidationError, UnicodeError):
        raw = decode(_PAGE, body)
        return _delta_page([_item(record) for record in raw.items], raw.delta_link, raw.next_link)
    except NOT_JSON as error:
        raise _malformed(error) from error
    return _delta_page(found.items, found.delta_link, found.next_link)


def webhooks(body: bytes) -> WebhookPage:
    found = decode(_PAGE, body)
    return WebhookPage([webhook(record) for record in found.items], found.next_link)


def webhook(body: bytes | msgspec.Raw) -> Webhook:
    properties = decode(_PROPERTIES, body)
    if not properties.get("id"):
        raise Malformed("a webhook has no id")
    return Webhook.of(properties)


def decode(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Raises Malformed when the body has another shape."""
    try:
        return decoder.decode(body)
    except NOT_JSON as error:
        raise _malformed(error) from error


def _delta_page(items: list[DeltaItem], delta_link: str | None, next_link: str | None) -> DeltaPage:
    if not delta_link and not next_link:
        # Going on without a link would lose every later change in silence.
        raise Malformed("the delta's answer has neither a nextLink nor a deltaLink")
    return DeltaPage(items, delta_link or "", "" if delta_link else next_link or "")


def _item(raw: msgspec.Raw) -> DeltaItem:
    try:
        return _ITEM.decode(raw)
    except NOT_JSON:
        return DeltaItem("", raw)


def _malformed(error: Exception) -> Malformed:
    return Malformed(f"unreadable answer: {error}")
