"""Subscriptions: created, looked at and deleted; they can be neither extended nor re-enabled (protime-api §8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from workers.protime import addresses, pages
from workers.protime.addresses import Where
from workers.protime.errors import NotFound, ProtimeError, Unconfirmed
from workers.protime.external_references import References
from workers.protime.models import CreatedWebhook, Webhook
from workers.protime.not_json import NOT_JSON
from workers.protime.paging import walk
from workers.protime.transport import Call, Transport

#: Where the private key may stand in the answer to a creation: its name is in no visible text (CHOICE-25).
KEY_NAMES = ("key", "privateKey", "webhookKey", "privateWebhookKey", "privateWebHookKey", "secret")


class KeyMissing(ProtimeError):
    """A webhook was created, but its key was not found in the answer, so it was deleted again."""


class Subscribing:
    def __init__(self, transport: Transport, key_names: Sequence[str] = KEY_NAMES) -> None:
        self._transport = transport
        self._key_names = tuple(key_names)

    async def create_webhook(
        self, destination_url: str, collection: str, external_references: References | None = None
    ) -> CreatedWebhook:
        """A new subscription with its key, shown only this once.

        Raises Unconfirmed when it may exist all the same: list the webhooks and delete those with this
        `destination_url` before asking again, for the key is lost. Raises KeyMissing.
        """
        path = addresses.webhook_creation(collection, external_references)
        body = msgspec.json.encode({"destinationUrl": destination_url, "collectionName": collection})
        response = await self._transport.send(Call("POST", self._transport.origin + path, "webhooks", body))
        properties = created_properties(response.content, response.headers)
        if not properties["id"]:
            raise Unconfirmed(
                "the answer to the creation has no id", status=response.status_code, method="POST", url=path
            )
        key = webhook_key(properties, self._key_names)
        if key is None:
            raise await self._without_key(properties)
        return CreatedWebhook(key, Webhook.of(properties))

    async def list_webhooks(self, where: Where = None) -> tuple[Webhook, ...]:
        """All of the tenant's subscriptions, or those of a filter on `collection-name` and `status`."""
        origin, found = self._transport.origin, list[Webhook]()
        for first in addresses.listing("webhooks", where, None, origin):
            async for page in walk(self._transport, "webhooks", origin + first.path, pages.webhooks):
                found += page.items
        return tuple(found)

    async def get_webhook(self, number: str) -> Webhook:
        call = Call("GET", self._transport.origin + addresses.webhook(number), "webhooks/{id}")
        return await self._transport.fetch(call, pages.webhook)

    async def delete_webhook(self, number: str) -> None:
        """Ends a subscription; one that is unknown is fine."""
        call = Call("DELETE", self._transport.origin + addresses.webhook(number), "webhooks/{id}")
        try:
            await self._transport.send(call)
        except NotFound:
            return

    async def _without_key(self, properties: Mapping[str, Any]) -> KeyMissing:
        """Deletes what cannot be used. The properties are named without their values, since one is the key."""
        text = (
            f"the key of the new webhook is in none of {', '.join(self._key_names)}; "
            f"the answer has {', '.join(sorted(properties))}: add the right name to webhook_key_names. "
        )
        try:
            await self.delete_webhook(str(properties["id"]))
        except ProtimeError as error:
            return KeyMissing(f"{text}Webhook {properties['id']} could not be deleted again: {error}")
        return KeyMissing(f"{text}The webhook was deleted again")


def webhook_key(properties: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first of `names` that holds a text; None when there is none."""
    return next((value for name in names if isinstance(value := properties.get(name), str) and value), None)


def created_properties(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """What a creation answered; the id from `Location` when the body has none, "" when there is none at all."""
    try:
        decoded = msgspec.json.decode(body)
    except NOT_JSON:
        decoded = None
    properties: dict[str, Any] = decoded if isinstance(decoded, dict) else {}
    return {**properties, "id": properties.get("id") or addresses.located(headers.get("location", ""))}
