"""`/livez`, `/readyz` and `/metrics`: for the orchestrator and for Prometheus; no secrets, no tenant data but names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from service.shared import Shared
from workers.store.connect import UNAVAILABLE

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
#: A store that has not answered by then counts as away; who asks (the orchestrator, Prometheus) does not wait much longer.
_SECONDS = 2.0
#: Figures of the store are a scrape of many commands: whoever asks again within a second gets the same.
FRESH_SECONDS = 1.0

Endpoint = Callable[[Request], Awaitable[Response]]


async def livez(_: Request) -> Response:
    """The process runs its event loop."""
    return PlainTextResponse("ok\n")


def readyz(ready: Callable[[], Awaitable[object]]) -> Endpoint:
    """503 while the store does not answer: then nothing could be accepted."""
    asked = Shared(ready, seconds=_SECONDS)

    async def endpoint(_: Request) -> Response:
        try:
            await asked.get()
        except UNAVAILABLE as error:
            return JSONResponse(
                {"store": type(error).__name__}, status_code=503, headers={"Retry-After": "5"}
            )
        return PlainTextResponse("ok\n")

    return endpoint


class _Families:
    """What `generate_latest` wants to see of figures that are already read."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def metrics(registry: CollectorRegistry, families: Callable[[], Awaitable[list[Metric]]] | None) -> Endpoint:
    """The process' own figures, and those of the store while it answers (where there is something to ask it)."""
    of_store = None if families is None else Shared(_written(families), seconds=_SECONDS, fresh=FRESH_SECONDS)

    async def endpoint(_: Request) -> Response:
        text = generate_latest(registry)
        if of_store is not None:
            text += await _or_none(of_store)
        return Response(text, media_type=_PROMETHEUS)

    return endpoint


def _written(families: Callable[[], Awaitable[list[Metric]]]) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return generate_latest(_Families(await families()))

    return read


async def _or_none(of_store: Shared[bytes]) -> bytes:
    try:
        text, up = await of_store.get(), 1
    except UNAVAILABLE:
        text, up = b"", 0
    return text + f"# TYPE shiftwire_store_up gauge\nshiftwire_store_up {up}\n".encode()
