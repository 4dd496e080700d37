"""Starlette and plain Dramatiq: one message for each notification, acknowledged when it is done."""

# mypy: disable-error-code="no-untyped-call"
# Its libraries are in an environment of their own, which mypy does not see.
from __future__ import annotations

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from bench.baselines.httpx_delivery import Delivery
from bench.baselines.receiving import route
from bench.baselines.surroundings import Surroundings

surroundings = Surroundings.given()
broker = RedisBroker(url=surroundings.redis)
dramatiq.set_broker(broker)
delivery = Delivery(surroundings)


@dramatiq.actor
def deliver(notification: str) -> None:
    delivery(notification)


async def enqueue(notification: str) -> None:
    await run_in_threadpool(deliver.send, notification)


receiver = Starlette(routes=[route(surroundings, enqueue)])
