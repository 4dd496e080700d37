"""`/livez`, `/readyz` and `/metrics` of a process that serves nothing else, from a thread beside its work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import redis
import uvicorn
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from service import health
from service.listening import taken


@contextmanager
def probes(port: int, url: str) -> Iterator[None]:
    """Serves while the block runs; does nothing for port 0. Raises `CannotListen`."""
    if not port:
        yield
        return
    sockets = taken("0.0.0.0", port)  # noqa: S104  # probes come from outside the pod
    client = redis.Redis.from_url(url, socket_timeout=2)

    async def ping() -> object:
        return await run_in_threadpool(client.ping)

    app = Starlette(
        routes=[
            Route("/livez", health.livez),
            Route("/readyz", health.readyz(ping)),
            Route("/metrics", health.metrics(REGISTRY, None)),
        ]
    )
    settings = uvicorn.Config(app, ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, args=(sockets,), name="probes", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)
        client.close()
