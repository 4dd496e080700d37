"""What the API answers, read tolerantly: unknown properties and unknown enum values pass (protime-api §1.2).

Records stay raw JSON (`msgspec.Raw`: a view of the answer's buffer; `bytes(raw)` makes a copy that can be kept).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import msgspec

from workers.protime.errors import Malformed
from workers.protime.not_json import NOT_JSON

INSERT_OR_UPDATE = "InsertOrUpdate"
DELETE = "Delete"


class Head(msgspec.Struct, frozen=True, rename="camel"):
    """What every record has. Ids are integers, or GUIDs for activity definitions and webhooks."""

    id: int | str
    change_version: str | None = None


_HEAD = msgspec.json.Decoder(Head)


class Resource:
    """One record as Protime gave it; looked into only when asked."""

    __slots__ = ("__dict__", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body

    @cached_property
    def head(self) -> Head:
        """Raises Malformed when the record has no id."""
        try:
            return _HEAD.decode(self.body)
        except NOT_JSON as error:
            raise Malformed(f"unreadable record: {error}") from error

    @property
    def version(self) -> str:
        """The `changeVersion`, "" without one. Compare as strings, only for the same collection and id."""
        return self.head.change_version or ""


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """One page of a list. Only a missing `next_link` means the end; `items` may be empty before it."""

    items: list[msgspec.Raw] = msgspec.field(name="value", default_factory=list)
    next_link: str | None = None
    delta_link: str | None = None


class DeltaItem(msgspec.Struct, frozen=True, rename="camel"):
    """One change. The `data` of a Delete holds nothing but `changeVersion` and `id`.

    An item without this shape has an empty `change_type`, and the whole item as its `data`.
    """

    change_type: str
    data: msgspec.Raw

    @property
    def deleted(self) -> bool:
        return self.change_type == DELETE


class DeltaPage(msgspec.Struct, frozen=True):
    """`delta_link` is the bookmark to store once the items are safe; "" on all but the last page of a start.

    `next_link` is where a start that was interrupted can go on; "" on the last page.
    """

    items: list[DeltaItem]
    delta_link: str = ""
    next_link: str = ""


class Webhook(msgspec.Struct, frozen=True):
    """A subscription. `status` is Enabled or Disabled; older pages add Uninitialized: not delivering yet.

    Other words may come: only a disabled or expired webhook is dead. `valid_until` is aware; None when it is missing or
    unreadable.
    """

    id: str
    status: str = ""
    valid_until: datetime | None = None
    destination_url: str = ""
    collection_name: str = ""
    external_references: Any = None

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> Webhook:
        """From Protime's properties, of which only `id` is demanded."""
        return cls(
            id=str(properties["id"]),
            status=str(properties.get("status") or ""),
            valid_until=_aware(properties.get("validUntil")),
            destination_url=str(properties.get("destinationUrl") or ""),
            collection_name=str(properties.get("collectionName") or ""),
            external_references=properties.get("externalReferences"),
        )

    @property
    def enabled(self) -> bool:
        """Whether it delivers. It does from its creation (protime-api §8.3), so also when nothing is said."""
        return self.status.casefold() in ("enabled", "")

    @property
    def disabled(self) -> bool:
        """For good: it cannot be enabled again."""
        return self.status.casefold() == "disabled"

    def lives(self, now: datetime) -> bool:
        """Whether it delivers, or still may; `now` is aware."""
        return not self.disabled and (self.valid_until is None or self.valid_until > now)


class WebhookPage(msgspec.Struct, frozen=True):
    items: list[Webhook]
    next_link: str | None = None


class CreatedWebhook(msgspec.Struct, frozen=True):
    """A new subscription with its key, which Protime shows only this once."""

    key: str
    webhook: Webhook

    @property
    def id(self) -> str:
        return self.webhook.id

    @property
    def valid_until(self) -> datetime | None:
        return self.webhook.valid_until

    def __repr__(self) -> str:
        return f"CreatedWebhook({self.webhook!r})"


def _aware(value: object) -> datetime | None:
    """An ISO 8601 time; Protime gives an offset, one without is read as UTC."""
    try:
        when = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
