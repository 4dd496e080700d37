"""Accepted notifications per second of one receiver process, beside its ceiling and a plain baseline, in one run.

    empty      a Starlette endpoint that answers 202 and does nothing
    shiftwire  the receiver: signature, parsing, durable append (fsync on every append), then 202
    dramatiq   Starlette, signature, one Dramatiq message for each notification on the same Redis

Rounds alternate, so that all meet the same noise. `python -m bench.accept [--seconds 3] [--rounds 3]`.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import multiprocessing
import statistics
import tempfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.load import KEY, assignment, closed, request
from bench.servers import free_port, serving
from workers.store import embedded

TOKEN = "bench-token-of-the-receiver"
PATH = f"/webhooks/acme/assignments/{TOKEN}"


def configuration(url: str, port: int, fetch: str = "payload") -> dict[str, Any]:
    collection = {"since": "2026-01-01", "fetch": fetch, "webhook": {"token": TOKEN, "keys": [KEY]}}
    tenant = {
        "client_id": "bench",
        "client_secret": "bench",
        "user_agent": "Bench/v1 (Shiftwire)",
        "collections": {"assignments": collection},
    }
    return {
        "store": {"url": url},
        "server": {"host": "127.0.0.1", "port": port},
        "tenants": {"acme": tenant},
        "subscriptions": {"manage": False},
        "public_url": "http://localhost",
    }


def empty(port: int, _: str) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def endpoint(_: Request) -> Response:
        return Response(status_code=202)

    app = Starlette(routes=[Route("/webhooks/{tenant}/{collection}/{token}", endpoint, methods=["POST"])])
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False, date_header=False)


def shiftwire(port: int, url: str) -> None:
    from service.main import serve
    from workers.config import parse

    serve(parse(configuration(url, port)), url)


def plain_dramatiq(port: int, url: str) -> None:
    import dramatiq
    import uvicorn
    from dramatiq.brokers.redis import RedisBroker
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    broker = RedisBroker(url=url)

    @dramatiq.actor(broker=broker)
    def handle(body: str) -> None: ...

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        mac = b64encode(hmac.digest(KEY.encode(), body, hashlib.sha256))
        if not hmac.compare_digest(mac, request.headers["x-protime-signature"].encode()):
            return Response(status_code=401)
        await run_in_threadpool(handle.send, body.decode())
        return Response(status_code=202)

    app = Starlette(routes=[Route("/webhooks/{tenant}/{collection}/{token}", endpoint, methods=["POST"])])
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False, date_header=False)


SERVERS: dict[str, Callable[[int, str], None]] = {
    "empty": empty,
    "shiftwire": shiftwire,
    "dramatiq": plain_dramatiq,
}


def measure(seconds: float, rounds: int) -> dict[str, Any]:
    requests = [request(PATH, assignment(n % 500 + 1, n)) for n in range(1, 5001)]
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    for _ in range(rounds):
        for name, run in SERVERS.items():
            with tempfile.TemporaryDirectory() as folder:
                redis = embedded.start(Path(folder))
                port = free_port()
                try:
                    with serving(run, port, redis.url):
                        closed(port, requests, 0.5)
                        answers = closed(port, requests, seconds)
                finally:
                    redis.stop()
            assert answers.ok == sum(answers.statuses.values()), answers.statuses
            rates[name].append(answers.ok / seconds)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "accepted_per_second": {name: round(rate) for name, rate in middle.items()},
        "shiftwire / empty": round(middle["shiftwire"] / middle["empty"], 3),
        "shiftwire / dramatiq": round(middle["shiftwire"] / middle["dramatiq"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.seconds, arguments.rounds), indent=2))


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
