"""Starlette, taskiq on a list in Redis, and aiohttp: asynchronous from end to end."""

# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"
# Its libraries are in an environment of their own, which mypy does not see.
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.applications import Starlette
from taskiq import TaskiqEvents, TaskiqState
from taskiq_redis import ListQueueBroker

from bench.baselines.receiving import route
from bench.baselines.surroundings import FORM, JSON, TOKEN, USER_AGENT, Surroundings, event_of, resource_of

surroundings = Surroundings.given()
broker = ListQueueBroker(surroundings.redis)
sessions: dict[str, aiohttp.ClientSession] = {}


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def open_sessions(_: TaskiqState) -> None:
    sessions["protime"] = aiohttp.ClientSession(surroundings.protime, headers=USER_AGENT)
    sessions["sink"] = aiohttp.ClientSession(surroundings.sink, headers=JSON)


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def close_sessions(_: TaskiqState) -> None:
    for session in sessions.values():
        await session.close()


@broker.task
async def deliver(notification: str) -> None:
    record = await fetched(sessions["protime"], resource_of(notification))
    async with sessions["sink"].post("/", data=event_of(record)) as answer:
        answer.raise_for_status()


async def fetched(protime: aiohttp.ClientSession, path: str) -> bytes:
    async with protime.get(path) as answer:
        if answer.status != 401:
            answer.raise_for_status()
            return await answer.read()
    async with protime.post(TOKEN, data=FORM) as answer:
        answer.raise_for_status()
        protime.headers["Authorization"] = f"Bearer {(await answer.json())['access_token']}"
    return await fetched(protime, path)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    await broker.startup()
    yield
    await broker.shutdown()


receiver = Starlette(routes=[route(surroundings, deliver.kiq)], lifespan=lifespan)
