"""`/livez`, `/readyz` and `/metrics` of a process that serves nothing else, from a thread beside its work."""

from __future__ import annotations

import os
import socket
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


class NoPort(Exception):
    """The port of the probes cannot be had (exit code 1): without them nobody would see how the process fares."""


@contextmanager
def probes(port: int, url: str) -> Iterator[None]:
    """Serves while the block runs; does nothing for port 0. Raises `NoPort`, before anything of the block has begun."""
    if not port:
        yield
        return
    listening = _listening(port)
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
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listening],), name="probes", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)
        client.close()


def _listening(port: int) -> socket.socket:
    """Bound here: in the thread a port that is taken would end the thread, and nothing else."""
    try:
        # Probes come from outside the pod.
        return socket.create_server(("0.0.0.0", port))  # noqa: S104
    except OSError as error:
        raise NoPort(
            f"--metrics-port {port}: cannot be listened on ({os.strerror(error.errno or 0)}). "
            "Give each process on this machine a port of its own."
        ) from None
