from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.protime.tenant.tenants import Start, Tenant
from workers.protime import Invalid, KeyMissing, field
from workers.protime.collections import COLLECTIONS

WEBHOOKED = [name for name, known in COLLECTIONS.items() if known.webhook]
PEOPLE = {"people": "@employee-number"}


@pytest.mark.rule("8.1-collections", "8.2-body")
@pytest.mark.writes
@pytest.mark.parametrize("collection", WEBHOOKED)
async def test_every_collection_with_webhooks_accepts_a_subscription(tenant: Tenant, collection: str) -> None:
    made = await tenant.protime.create_webhook(tenant.destination, collection)
    await tenant.protime.delete_webhook(made.id)
    assert made.webhook.collection_name == collection


@pytest.mark.rule(
    "8.2-created", "8.3-valid-until", "8.3-status", "8.4-list", "8.4-single", "8.4-deleted", "8.9-validity"
)
@pytest.mark.writes
async def test_the_life_of_a_webhook(tenant: Tenant) -> None:
    protime, before = tenant.protime, datetime.now(UTC)
    made = await protime.create_webhook(tenant.destination, "assignments", PEOPLE)
    try:
        assert made.key
        assert made.valid_until is not None
        assert made.valid_until > before + timedelta(hours=1)
        assert made.webhook.status == "Enabled"
        assert await protime.get_webhook(made.id) == made.webhook
        assert made.webhook in await protime.list_webhooks()
        assert made.id not in [webhook.id for webhook in await protime.list_webhooks("status eq 'Disabled'")]
    finally:
        await protime.delete_webhook(made.id)
    await protime.delete_webhook(made.id)
    assert made.id not in [webhook.id for webhook in await protime.list_webhooks()]


@pytest.mark.rule("8.3-status", "8.4-list")
@pytest.mark.simulated
async def test_a_webhook_that_was_disabled_is_found_by_its_status(tenant: Tenant) -> None:
    made = await tenant.protime.create_webhook(tenant.destination, "assignments")
    await tenant.control("POST", f"webhooks/{made.id}", {"action": "disable"})
    (disabled,) = await tenant.protime.list_webhooks(field("status").eq("Disabled"))
    assert (disabled.id, disabled.status) == (made.id, "Disabled")


@pytest.mark.rule("8.2-no-key", "8.2-key-name")
@pytest.mark.simulated
async def test_a_key_under_an_unknown_name_leaves_no_webhook_behind(start: Start) -> None:
    async with start(webhook_key_property="hmacSecret") as tenant:
        with pytest.raises(KeyMissing, match="hmacSecret"):
            await tenant.protime.create_webhook("https://c.example/", "clockings")
        assert await tenant.protime.list_webhooks() == ()


@pytest.mark.rule("4.1-400", "4.2-reasons", "8.2-https")
@pytest.mark.writes
async def test_a_refused_destination_says_why(tenant: Tenant) -> None:
    with pytest.raises(Invalid) as caught:
        await tenant.protime.create_webhook("ftp://c.example/", "clockings")
    assert caught.value.message or caught.value.reasons


@pytest.mark.rule("8.4-delete-status")
@pytest.mark.simulated
@pytest.mark.parametrize("status", [200, 204])
async def test_a_deletion_may_answer_200_or_204(start: Start, status: int) -> None:
    async with start(webhook_delete_status=status) as tenant:
        made = await tenant.protime.create_webhook(tenant.destination, "assignments")
        await tenant.protime.delete_webhook(made.id)
        assert ("DELETE", "webhooks/{id}", status) in tenant.calls
