from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

import pytest

URL = "http://127.0.0.1:1/in"


async def subscribe(sim: Any, collection: str = "assignments", **parameters: str) -> dict[str, Any]:
    response = await sim.post(
        "/webhooks", {"destinationUrl": URL, "collectionName": collection}, **parameters
    )
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    assert response.headers["Location"].endswith(f"/webhooks/{created['id']}")
    return created


async def settled(sim: Any) -> list[Any]:
    """Wait until nothing is pending; the bodies that arrived."""
    for _ in range(500):
        if (await sim.control("GET", "/stats")).json()["pending"] == 0:
            break
        await asyncio.sleep(0.005)
    return [json.loads(body) for _, _, body in sim.receiver.posts]


@pytest.mark.rule("8.2-created", "8.2-key-once", "8.3-valid-until", "8.3-status", "8.4-single")
async def test_the_key_is_shown_once(sim: Any) -> None:
    created = await subscribe(sim)
    assert created["key"]
    assert created["status"] == "Enabled"
    assert datetime.fromisoformat(created["validUntil"]).utcoffset() is not None
    shown = (await sim.get(f"/webhooks/{created['id']}")).json()
    assert shown == {name: value for name, value in created.items() if name != "key"}


@pytest.mark.rule("8.2-key-name")
async def test_the_name_of_the_key_is_settable(make_sim: Any) -> None:
    sim = await make_sim(webhook_key_property="privateWebHookKey")
    assert (await subscribe(sim))["privateWebHookKey"]


@pytest.mark.rule("8.2-body")
@pytest.mark.parametrize(
    "body", [{}, {"destinationUrl": "https://a.example"}, {"destinationUrl": 1, "collectionName": "people"}]
)
async def test_missing_fields_are_model_errors(sim: Any, body: dict[str, Any]) -> None:
    assert "validationErrors" in (await sim.post("/webhooks", body)).json()


@pytest.mark.rule("8.2-https")
@pytest.mark.parametrize(
    "url", ["http://a.example/in", "ftp://127.0.0.1", "nonsense", "https://", "http://[::1"]
)
async def test_a_destination_must_be_https(sim: Any, url: str) -> None:
    response = await sim.post("/webhooks", {"destinationUrl": url, "collectionName": "people"})
    assert response.status_code == 400
    assert response.json()["error"]["reasons"]


@pytest.mark.rule("8.1-unknown", "9.7-no-webhooks")
@pytest.mark.parametrize("name", ["moons", "terminals", "departments"])
async def test_an_unknown_collection_is_400(sim: Any, name: str) -> None:
    response = await sim.post("/webhooks", {"destinationUrl": URL, "collectionName": name})
    assert response.status_code == 400


@pytest.mark.rule("2.3-webhooks")
async def test_creation_needs_the_scope_of_webhooks_and_of_the_collection(sim: Any) -> None:
    body = {"destinationUrl": URL, "collectionName": "assignments"}
    for scope, status in (
        ("webhooks.write", 403),
        ("assignments.read", 403),
        ("webhooks.write assignments.read", 201),
    ):
        await sim.log_in(scope)
        assert (await sim.post("/webhooks", body)).status_code == status
    sim.settings.webhook_scopes = "collection"
    await sim.log_in("assignments.read")
    assert (await sim.post("/webhooks", body)).status_code == 201


@pytest.mark.rule("8.5-one-post", "8.5-item", "8.5-whole", "8.5-own-writes", "8.6-signed", "8.6-bytes")
async def test_each_change_is_one_signed_post_like_a_delta_item(sim: Any) -> None:
    key = (await subscribe(sim))["key"]
    made = await sim.add()
    record = (await sim.get(f"/assignments/{made}")).json()
    await sim.delete(f"/assignments/{made}")
    bodies = await settled(sim)
    assert bodies[0] == {"changeType": "InsertOrUpdate", "data": record}
    assert bodies[1]["changeType"] == "Delete"
    assert set(bodies[1]["data"]) == {"changeVersion", "id"}
    url, headers, raw = sim.receiver.posts[0]
    mac = hmac.new(key.encode(), raw, hashlib.sha256).digest()
    assert (url, headers["X-Protime-Signature"]) == (URL, base64.b64encode(mac).decode())


@pytest.mark.rule("8.6-header", "8.6-algorithm", "8.6-encoding", "8.6-key-bytes")
async def test_header_algorithm_encoding_and_key_bytes_are_settable(make_sim: Any) -> None:
    sim = await make_sim(
        signature_header="X-Sign",
        signature_algorithm="sha512",
        signature_encoding="hex",
        signature_key_encoding="base64",
        signature_prefix="sha512=",
    )
    key = (await subscribe(sim))["key"]
    await sim.add()
    await settled(sim)
    _, headers, raw = sim.receiver.posts[0]
    assert headers["X-Sign"] == "sha512=" + hmac.new(base64.b64decode(key), raw, "sha512").hexdigest()


@pytest.mark.rule("8.5-envelope")
@pytest.mark.parametrize("envelope", ["array", "value"])
async def test_the_envelope_is_settable(make_sim: Any, envelope: str) -> None:
    sim = await make_sim(envelope=envelope)
    await subscribe(sim)
    await sim.add()
    (body,) = await settled(sim)
    items = body if envelope == "array" else body["value"]
    assert items[0]["changeType"] == "InsertOrUpdate"


@pytest.mark.rule("3.7-where", "8.2-references", "8.3-references")
async def test_payloads_carry_the_references_asked_for(sim: Any) -> None:
    created = await subscribe(sim, externalReferences="(people,@employee-number)")
    assert created["externalReferences"] == {"people": ["@employee-number"]}
    await sim.add()
    (body,) = await settled(sim)
    assert body["data"]["person"]["externalReferences"] == {"@employee-number": "5001"}


@pytest.mark.rule("8.1-one-collection", "8.5-fan-out")
async def test_a_subscription_hears_of_its_collection_only(sim: Any) -> None:
    await subscribe(sim, "calculated-totals")
    await sim.add()
    await sim.add("clockings")
    (body,) = await settled(sim)
    assert "timePresentDurationInMinutes" in body["data"]


@pytest.mark.rule("8.2-several")
async def test_several_webhooks_each_get_every_event(sim: Any) -> None:
    await subscribe(sim)
    await subscribe(sim)
    await sim.add()
    assert len(await settled(sim)) == 2


@pytest.mark.rule("8.5-counter-groups")
async def test_saving_one_counter_group_emits_all(sim: Any) -> None:
    await subscribe(sim, "counter-groups")
    await sim.control("POST", "/records/counter-groups", {"id": 1, "name": {"default": "New"}})
    assert sorted(body["data"]["id"] for body in await settled(sim)) == [1, 2, 3]


@pytest.mark.rule("8.5-disorder", "8.7-success", "8.8-retries", "8.8-overtaking")
async def test_a_failed_delivery_is_retried_and_later_events_overtake(make_sim: Any) -> None:
    sim = await make_sim(retry_seconds=[0, 5], retry_time_factor=100)
    await subscribe(sim)
    sim.receiver.statuses = [500]
    one, two = await sim.add(), await sim.add()
    bodies = await settled(sim)
    assert [body["data"]["id"] for body in bodies] == [one, two, one]
    stats = (await sim.control("GET", "/stats")).json()["deliveries"]
    assert (stats["sent"], stats["succeeded"], stats["failed"]) == (3, 2, 1)


@pytest.mark.rule("8.8-retries", "8.8-disabled", "8.8-pending")
async def test_exhausted_retries_disable_the_webhook_and_drop_what_is_pending(make_sim: Any) -> None:
    sim = await make_sim(retry_seconds=[0, 1], retry_time_factor=100, delivery_concurrency=1)
    created = await subscribe(sim)
    sim.receiver.statuses = [302] * 9
    await sim.add()
    await settled(sim)
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Disabled"
    await sim.add()
    assert len(await settled(sim)) == 2


@pytest.mark.rule("8.9-validity")
async def test_a_webhook_is_disabled_when_its_validity_passes(sim: Any) -> None:
    created = await subscribe(sim)
    sim.clock.now += 30 * 86_400
    await sim.log_in()
    await sim.add()
    assert await settled(sim) == []
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Disabled"


@pytest.mark.rule("8.3-status")
@pytest.mark.parametrize("status", ["Uninitialized", "Starting"])
async def test_a_webhook_that_is_not_enabled_yet_says_so_and_delivers_nothing(
    make_sim: Any, status: str
) -> None:
    sim = await make_sim(webhook_first_status=status, webhook_enabled_after_seconds=60.0)
    created = await subscribe(sim)
    await sim.add()
    assert await settled(sim) == []
    sim.clock.now += 60
    told = await sim.add()
    assert [body["data"]["id"] for body in await settled(sim)] == [told]
    assert created["status"] == status
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Enabled"
    assert [w["enabledAt"] for w in (await sim.control("GET", "/webhooks")).json()] == [sim.clock.now]


async def test_webhooks_that_are_not_enabled_yet_are_found_by_their_status(make_sim: Any) -> None:
    sim = await make_sim(webhook_enabled_after_seconds=60.0)
    created = await subscribe(sim)
    for status, found in (("Uninitialized", [created["id"]]), ("Enabled", [])):
        listed = (await sim.get(f"/webhooks?filter=status eq '{status}'")).json()["value"]
        assert [hook["id"] for hook in listed] == found


@pytest.mark.parametrize("lost", [False, True])
async def test_a_creation_can_fail_for_one_collection_and_make_the_webhook_or_not(
    make_sim: Any, lost: bool
) -> None:
    sim = await make_sim(
        webhook_creation_error=504, webhook_creation_error_of=["people"], webhook_creation_lost=lost
    )
    other = await subscribe(sim)
    answer = await sim.post("/webhooks", {"destinationUrl": URL, "collectionName": "people"})
    assert answer.status_code == 504
    listed = (await sim.get("/webhooks")).json()["value"]
    made = [hook["collectionName"] for hook in listed if hook["id"] != other["id"]]
    assert made == (["people"] if lost else [])


async def test_a_deletion_can_fail_and_deletes_nothing(make_sim: Any) -> None:
    sim = await make_sim(webhook_deletion_error=503)
    created = await subscribe(sim)
    assert (await sim.delete(f"/webhooks/{created['id']}")).status_code == 503
    assert [hook["status"] for hook in (await sim.get("/webhooks")).json()["value"]] == ["Enabled"]


@pytest.mark.rule("3.3-webhooks", "8.3-status", "8.4-list")
async def test_webhooks_are_listed_by_filter(sim: Any) -> None:
    one, two = await subscribe(sim), await subscribe(sim, "people")
    await sim.control("POST", f"/webhooks/{two['id']}", {"action": "disable"})

    async def ids(query: str) -> list[str]:
        return [hook["id"] for hook in (await sim.get(f"/webhooks{query}")).json()["value"]]

    assert await ids("") == [one["id"], two["id"]]
    assert await ids("?filter=status eq 'Disabled'") == [two["id"]]
    assert await ids("?filter=collection-name eq 'assignments'") == [one["id"]]
    assert (await sim.get("/webhooks?filter=colour eq 'red'")).status_code == 400


@pytest.mark.rule("8.4-soft-delete", "8.4-delete-status", "8.4-deleted")
async def test_deletion_is_soft(sim: Any) -> None:
    created = await subscribe(sim)
    await sim.add()
    await settled(sim)
    assert (await sim.delete(f"/webhooks/{created['id']}")).status_code == 204
    assert (await sim.get("/webhooks")).json()["value"] == []
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Disabled"
    await sim.add()
    assert len(await settled(sim)) == 1
    assert len((await sim.get(f"/webhooks/{created['id']}/events")).json()["value"]) == 1


@pytest.mark.rule("8.4-no-change")
async def test_there_is_no_way_to_extend_a_webhook(sim: Any) -> None:
    created = await subscribe(sim)
    for method in ("PUT", "PATCH"):
        response = await sim.http.request(
            method, f"/connector/protimeapi/api/v1/webhooks/{created['id']}", json={}
        )
        assert response.status_code in (404, 405)


@pytest.mark.rule("8.4-debugging")
async def test_debugging_endpoints_show_events_and_attempts(make_sim: Any) -> None:
    sim = await make_sim(retry_seconds=[0, 0])
    base = f"/webhooks/{(await subscribe(sim))['id']}/events"
    sim.receiver.statuses = [500]
    key = await sim.add()
    await settled(sim)
    (event,) = (await sim.get(base)).json()["value"]
    assert (event["resourceId"], event["changeType"], event["status"]) == (key, "InsertOrUpdate", "Delivered")
    assert (await sim.get(f"{base}/{event['id']}")).json()["payload"]["data"]["id"] == key
    attempts = (await sim.get(f"{base}/{event['id']}/attempts")).json()["value"]
    assert [attempt["statusCode"] for attempt in attempts] == [500, 202]
    assert (await sim.get(f"{base}/other")).status_code == 404


@pytest.mark.rule("8.5-duplicates", "8.5-silence", "8.6-signed")
@pytest.mark.parametrize(
    ("knob", "posts"), [("drop", 0), ("duplicate", 2), ("reorder", 1), ("bad_signature", 1)]
)
async def test_chance_drops_doubles_delays_and_spoils(make_sim: Any, knob: str, posts: int) -> None:
    sim = await make_sim(**{f"{knob}_probability": 1.0}, reorder_seconds=0.01)
    key = (await subscribe(sim))["key"]
    await sim.add()
    assert len(await settled(sim)) == posts
    for _, headers, raw in sim.receiver.posts:
        mac = base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()
        assert (headers["X-Protime-Signature"] == mac) is (knob != "bad_signature")


@pytest.mark.rule("8.9-watch")
@pytest.mark.parametrize("action", ["disable", "delete", "expire"])
async def test_a_webhook_can_end_behind_the_consumers_back(sim: Any, action: str) -> None:
    created = await subscribe(sim)
    await sim.control("POST", f"/webhooks/{created['id']}", {"action": action})
    await sim.add()
    assert await settled(sim) == []


async def test_the_controls_tell_when_each_webhook_began_and_ceased_to_deliver(sim: Any) -> None:
    kept, deleted, disabled = [(await subscribe(sim))["id"] for _ in range(3)]
    begun = sim.clock.now
    sim.clock.now += 100
    await sim.delete(f"/webhooks/{deleted}")
    await sim.control("POST", f"/webhooks/{disabled}", {"action": "disable"})
    sim.clock.now += 100
    await sim.control("POST", f"/webhooks/{disabled}", {"action": "delete"})
    lives = {w["id"]: w for w in (await sim.control("GET", "/webhooks")).json()}
    assert [lives[name]["createdAt"] for name in (kept, deleted, disabled)] == [begun] * 3
    assert [lives[name]["endedAt"] for name in (kept, deleted, disabled)] == [None, begun + 100, begun + 100]
    assert [lives[name]["deleted"] for name in (kept, deleted, disabled)] == [False, True, True]
    sim.clock.now += 40 * 86_400
    lives = {w["id"]: w for w in (await sim.control("GET", "/webhooks")).json()}
    assert lives[kept]["endedAt"] == begun + sim.settings.webhook_validity_seconds
