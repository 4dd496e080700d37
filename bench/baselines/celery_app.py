"""FastAPI and Celery. A task is acknowledged when it is done, so that a killed worker loses none."""

# mypy: disable-error-code="import-not-found,untyped-decorator"
# Its libraries are in an environment of their own, which mypy does not see.
from __future__ import annotations

from functools import cache

from celery import Celery
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from bench.baselines.httpx_delivery import Delivery
from bench.baselines.surroundings import Surroundings

surroundings = Surroundings.given()
app = Celery("baseline", broker=surroundings.redis.replace("unix://", "redis+socket://"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=16,
    broker_connection_retry_on_startup=True,
)


@cache
def delivery() -> Delivery:
    """One for each process of the pool."""
    return Delivery(surroundings)


@app.task
def deliver(notification: str) -> None:
    delivery()(notification)


receiver = FastAPI()


@receiver.post("/webhooks/{tenant}/{collection}/{token}")  # noqa: FAST003  # the body says all
async def receive(request: Request) -> Response:
    body = await request.body()
    if not surroundings.genuine(body, request.headers.get("x-protime-signature", "")):
        return Response(status_code=401)
    await run_in_threadpool(deliver.delay, body.decode())
    return Response(status_code=202)
