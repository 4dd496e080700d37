"""What orchestrators and Prometheus see, with the store and without it; and what nobody may see: secrets."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import closing

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis
from structlog.testing import capture_logs

from service.health import FRESH_SECONDS
from service.probes import probes
from service.shared import Shared
from tests.ports import free_port
from tests.service.processes import OwnRedis, listens
from tests.service.rig import PATH, SECRETS, Client, change, serving, settings
from workers.changes import SCHEMA_NAMES
from workers.store.progress import Progress, ProgressStore
from workers.store.scripts import Scripts


@pytest.fixture
async def mortal(own_redis: OwnRedis) -> AsyncIterator[Client]:
    """A receiver whose store may be killed."""
    async with serving(settings(own_redis.url)) as client:
        yield client


Samples = dict[str, dict[str, float]]


def samples(text: str) -> Samples:
    """Family name -> labels, in the order of their names -> value; histograms aside."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        labelled = [
            (" ".join(f"{k}={v}" for k, v in sorted(s.labels.items())), s.value) for s in family.samples
        ]
        found[family.name] = dict(labelled)
    return found


async def figures(client: Client) -> Samples:
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(response.text)


async def test_livez_and_readyz_say_ok(receiver: Client) -> None:
    for path in ("/livez", "/readyz"):
        response = await receiver.get(path)
        assert (response.status_code, response.text) == (200, "ok\n")


async def test_readyz_is_503_without_the_store_livez_is_not_and_both_recover(
    mortal: Client, own_redis: OwnRedis
) -> None:
    own_redis.kill()
    assert (await mortal.get("/livez")).status_code == 200
    away = await mortal.get("/readyz")
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    own_redis.start()
    assert (await mortal.get("/readyz")).status_code == 200


async def test_metrics_tell_how_long_ago_a_collection_was_compared(redis: Redis, redis_url: str) -> None:
    progress = ProgressStore(Scripts(redis))
    for collection in ("assignments", "clockings"):  # of the second it is configured no more
        done = Progress(finished_at=time.time() - 500)
        await progress.put("acme", f"reconciled:{collection}", done, await progress.life())
    data = settings(redis_url)
    data["tenants"]["acme"]["collections"]["assignments"]["reconcile"] = {}
    async with serving(data) as client:
        [(about, age)] = (await figures(client))["shiftwire_reconcile_age_seconds"].items()
    assert about == "collection=assignments tenant=acme"
    assert 500 <= age < 560


async def test_metrics_hold_every_promised_figure(receiver: Client) -> None:
    await receiver.post([change(1), change(2)])
    await receiver.post(b"no notification")
    await receiver.post(change(), key="wrong")
    found = await figures(receiver)
    assert found["shiftwire_received"] == {"origin=webhook tenant=acme": 2}
    assert found["shiftwire_accepted"] == {"collection=assignments tenant=acme": 2}
    assert found["shiftwire_webhook_requests"] == {"status=202": 1, "status=400": 1, "status=401": 1}
    assert found["shiftwire_backlog"]["stage=ingest tenant=acme"] == 2
    assert 0 <= found["shiftwire_oldest_seconds"]["stage=ingest tenant=acme"] < 60
    assert found["shiftwire_ledger_imbalance"] == {"sink=archive tenant=acme": 0}
    assert found["shiftwire_store_up"] == {"": 1}
    assert found["shiftwire_sink_state"]["sink=archive state=closed"] == 1
    assert sum(found["shiftwire_sink_state"].values()) == 1
    assert found["shiftwire_sink_budget_used"] == {"sink=archive": 0}
    for name in ("ack_seconds", "gate", "delivered", "dead_letters", "delta_age_seconds"):
        assert f"shiftwire_{name}" in found


async def commands(redis: Redis) -> int:
    """So many the server has heard so far."""
    stats: dict[str, int] = await redis.info("stats")
    return stats["total_commands_processed"]


async def test_many_scrapes_at_once_cost_one_reading_by_connections_of_their_own(
    receiver: Client, redis: Redis
) -> None:
    await receiver.get("/readyz")
    before = await commands(redis)
    await figures(receiver)
    one = await commands(redis) - before
    await asyncio.sleep(FRESH_SECONDS)
    before, connected = await commands(redis), len(await redis.client_list())
    answers = await asyncio.gather(*(receiver.get("/metrics") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert all("shiftwire_store_up 1" in answer.text for answer in answers)
    assert await commands(redis) - before < 2 * one
    assert len(await redis.client_list()) <= connected + 1


async def test_many_who_ask_for_readiness_at_once_cost_one_question(receiver: Client, redis: Redis) -> None:
    before = await commands(redis)
    answers = await asyncio.gather(*(receiver.get("/readyz") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert await commands(redis) - before < 10


async def test_figures_of_a_second_ago_are_given_again_and_older_ones_are_not(receiver: Client) -> None:
    assert (await figures(receiver))["shiftwire_received"] == {}
    await receiver.post(change())
    fresh = await figures(receiver)
    assert fresh["shiftwire_accepted"] == {"collection=assignments tenant=acme": 1}
    await asyncio.sleep(FRESH_SECONDS)
    assert (await figures(receiver))["shiftwire_received"] == {"origin=webhook tenant=acme": 1}


async def test_a_scraper_that_goes_away_does_not_take_the_answer_from_the_others() -> None:
    goes_on = asyncio.Event()
    shared = Shared(goes_on.wait, seconds=5)
    first, second = asyncio.create_task(shared.get()), asyncio.create_task(shared.get())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    assert await second is True


async def test_the_time_to_202_is_a_histogram_that_adds_up(receiver: Client) -> None:
    for n in range(5):
        await receiver.post(change(n))
    text = (await receiver.get("/metrics")).text
    [family] = [f for f in text_string_to_metric_families(text) if f.name == "shiftwire_ack_seconds"]
    assert family.type == "histogram"
    buckets = [s.value for s in family.samples if s.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 5
    assert {s.name: s.value for s in family.samples}["shiftwire_ack_seconds_count"] == 5
    assert {s.name: s.value for s in family.samples}["shiftwire_ack_seconds_sum"] > 0


async def test_metrics_are_answered_without_the_store_and_say_so(mortal: Client, own_redis: OwnRedis) -> None:
    await mortal.post(change())
    own_redis.kill()
    found = await figures(mortal)
    assert found["shiftwire_store_up"] == {"": 0}
    assert found["shiftwire_accepted"] == {"collection=assignments tenant=acme": 1}


async def test_a_store_that_hangs_delays_nobody_who_asks_for_health(
    mortal: Client, own_redis: OwnRedis
) -> None:
    await mortal.post(change())
    own_redis.signal(signal.SIGSTOP)
    began = time.monotonic()
    assert (await mortal.get("/readyz")).status_code == 503
    assert (await figures(mortal))["shiftwire_store_up"] == {"": 0}
    assert (await mortal.get("/livez")).status_code == 200
    assert time.monotonic() - began < 6
    own_redis.signal(signal.SIGCONT)
    assert (await figures(mortal))["shiftwire_received"] == {"origin=webhook tenant=acme": 1}
    assert (await mortal.get("/readyz")).status_code == 200


@pytest.mark.parametrize("name", sorted(SCHEMA_NAMES))
async def test_every_schema_is_served(receiver: Client, name: str) -> None:
    response = await receiver.get(f"/schemas/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/schema+json"
    assert response.json()["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("name", ["nothing.v1.json", "..", "assignment.v1.json.bak"])
async def test_an_unknown_schema_is_404(receiver: Client, name: str) -> None:
    assert (await receiver.get(f"/schemas/{name}")).status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/livez"])
async def test_health_routes_only_answer_get(receiver: Client, path: str) -> None:
    assert (await receiver.http.post(path)).status_code == 405


def test_probes_answer_beside_a_process_that_serves_nothing_else(own_redis: OwnRedis) -> None:
    port = free_port()
    with probes(port, own_redis.url), closing(httpx.Client(base_url=f"http://127.0.0.1:{port}")) as http:
        deadline = time.monotonic() + 5
        while not listens(port):
            assert time.monotonic() < deadline
        assert [http.get(path).status_code for path in ("/livez", "/readyz", "/metrics")] == [200, 200, 200]
        own_redis.kill()
        assert [http.get(path).status_code for path in ("/livez", "/readyz", "/metrics")] == [200, 503, 200]
    assert not listens(port)


async def test_no_log_line_holds_a_secret_whatever_happens(mortal: Client, own_redis: OwnRedis) -> None:
    with capture_logs() as logs:
        await mortal.post(change())
        await mortal.post(change(), key="wrong")
        await mortal.post(b"no notification")
        await mortal.post(change(), PATH + "x")
        own_redis.kill()
        await mortal.post(change())
        await mortal.post(change(), PATH + "y")
    assert {entry["event"] for entry in logs} >= {"bad signature", "notifications not accepted"}
    assert not [secret for secret in SECRETS if secret in repr(logs)]


async def test_nothing_goes_on_when_serving_ended_by_an_error(redis: Redis, redis_url: str) -> None:
    """A task that the event loop had to cancel could swallow that, and the process would never end."""
    before, during = asyncio.all_tasks(), set()

    async def fail() -> None:
        async with serving(settings(redis_url)):
            during.update(asyncio.all_tasks())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert asyncio.all_tasks() == before < during


async def test_an_outage_under_load_is_logged_once_a_second(mortal: Client, own_redis: OwnRedis) -> None:
    own_redis.kill()
    with capture_logs() as logs:
        for n in range(20):
            assert (await mortal.post(change(n))).status_code == 503
    assert len([entry for entry in logs if entry["event"] == "notifications not accepted"]) <= 2
