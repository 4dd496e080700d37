"""An API of canned answers that remembers what it was asked, and a token source without a token endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec

from workers.protime import Protime

AGENT = "PlanningSync/v1 (Acme Corp)"
HOST = "https://acme.myprotime.eu"
API = "/connector/protimeapi/api/v1"

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else msgspec.json.encode({} if body is None else body)
    return httpx.Response(
        status, headers={k.replace("_", "-"): v for k, v in headers.items()}, content=content
    )


class Api:
    """Answers in turn; the last answer repeats. An exception is raised as the network would."""

    def __init__(self, *answers: Answer) -> None:
        self.answers: Sequence[Answer] = answers or (answer(),)
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        chosen = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        await asyncio.sleep(0)  # as on a network, others go on meanwhile
        if isinstance(chosen, Exception):
            raise chosen
        if isinstance(chosen, httpx.Response):
            return httpx.Response(chosen.status_code, headers=chosen.headers, content=chosen.content)
        return chosen(request)

    @property
    def asked(self) -> list[str]:
        """`METHOD /path?query` of each request, exactly as sent."""
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))


class Tokens:
    """Gives `first`, `second`, … : another one each time the current one was refused, while there are others."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens or ("first", "second", "third"))
        self.refreshes = 0

    async def token(self, *, refresh: str | None = None) -> str:
        if refresh == self.tokens[0]:
            self.refreshes += 1
            if len(self.tokens) > 1:
                self.tokens.pop(0)
        return self.tokens[0]


def client(api: Api, **options: Any) -> Protime:
    tokens = options.pop("tokens", None) or Tokens()
    return Protime(HOST, "acme", AGENT, tokens, http=api.http(), **options)
