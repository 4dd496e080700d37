"""What nothing here can be faster than: an empty endpoint, the disk behind Redis, the simulator, the sink."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis
import uvloop

from bench.configuration import PATH
from bench.load import assignment, closed, request
from bench.protime import API, protime
from bench.servers import free_port, serving
from bench.sink import sink
from workers.store import embedded

_RECORDS = 500
_PIPELINE = 100
_CONNECTIONS = 16


def measured(seconds: float) -> dict[str, float]:
    """Of each ceiling, how many a second."""
    return {name: ceiling(seconds) for name, ceiling in CEILINGS.items()}


def empty_endpoint(seconds: float) -> float:
    return _answered(_empty, [request(PATH, body) for body in _bodies()], seconds)


def sink_posts(seconds: float) -> float:
    """Batches of one, as the sink gets them."""
    events = [b'{"sequence":"%020X","data":{"id":%d}}' % (n, n) for n in range(1, _RECORDS)]
    return _answered(_sink, [request("/", event) for event in events], seconds)


def simulator_gets(seconds: float) -> float:
    """Single assignments over kept-alive connections with one token."""
    with tempfile.TemporaryDirectory() as folder, protime(Path(folder)) as simulator:
        simulator.created(1, _RECORDS)
        token, port = simulator.token(), int(simulator.address.rpartition(":")[2])
        gets = [_get(number, token) for number in range(1, _RECORDS + 1)]
        answers = closed(port, gets, seconds, _CONNECTIONS)
    return answers.ok / seconds


def _get(number: int, token: str) -> bytes:
    lines = f"host: localhost\r\nuser-agent: Bench/v1 (Ceiling)\r\nauthorization: Bearer {token}\r\n"
    return f"GET {API}/assignments/{number} HTTP/1.1\r\n{lines}\r\n".encode()


def appends(seconds: float) -> float:
    """One XADD at a time on one connection, each with its own fsync."""
    return _appended(seconds, 1)


def pipelined_appends(seconds: float) -> float:
    """The same, a hundred XADDs in one round trip."""
    return _appended(seconds, _PIPELINE)


def _appended(seconds: float, together: int) -> float:
    (body,) = _bodies()[:1]
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        try:
            client = redis.Redis.from_url(server.url)
            began, done = time.perf_counter(), 0
            while time.perf_counter() < began + seconds:
                pipeline = client.pipeline(transaction=False)
                for _ in range(together):
                    pipeline.xadd("stream", {"body": body})
                done += len(pipeline.execute())
            return done / (time.perf_counter() - began)
        finally:
            server.stop()


def _answered(run: Callable[[int, str], None], requests: list[bytes], seconds: float) -> float:
    port = free_port()
    with serving(run, port, ""):
        closed(port, requests, 0.3)
        return closed(port, requests, seconds).ok / seconds


def _bodies() -> list[bytes]:
    return [assignment(number, number) for number in range(1, _RECORDS + 1)]


def _empty(port: int, _: str) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def endpoint(_: Request) -> Response:
        return Response(status_code=202)

    app = Starlette(routes=[Route("/webhooks/{tenant}/{collection}/{token}", endpoint, methods=["POST"])])
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False, date_header=False)


def _sink(port: int, _: str) -> None:
    async def forever() -> None:
        async with sink(port):
            await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(forever())


EMPTY = "empty Starlette endpoint"
APPENDS = "Redis appends, one by one"

CEILINGS: dict[str, Callable[[float], float]] = {
    EMPTY: empty_endpoint,
    APPENDS: appends,
    "Redis appends, pipelined": pipelined_appends,
    "GETs of the simulator": simulator_gets,
    "POSTs to the sink": sink_posts,
}
