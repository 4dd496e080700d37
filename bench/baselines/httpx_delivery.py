"""One GET and one POST with httpx: connections and the token are kept, the client may be used by several threads."""

from __future__ import annotations

import httpx

from bench.baselines.surroundings import FORM, JSON, TOKEN, USER_AGENT, Surroundings, event_of, resource_of

_SECONDS = 15.0
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64)


class Delivery:
    def __init__(self, surroundings: Surroundings) -> None:
        self._protime = httpx.Client(
            base_url=surroundings.protime, headers=USER_AGENT, timeout=_SECONDS, limits=_LIMITS
        )
        self._sink = httpx.Client(base_url=surroundings.sink, headers=JSON, timeout=_SECONDS, limits=_LIMITS)

    def __call__(self, notification: str) -> None:
        """Raises `httpx.HTTPError`: the queue tries again."""
        event = event_of(self._get(resource_of(notification)))
        self._sink.post("/", content=event).raise_for_status()

    def _get(self, path: str) -> bytes:
        answer = self._protime.get(path)
        if answer.status_code == 401:
            token = self._protime.post(TOKEN, data=FORM).raise_for_status().json()["access_token"]
            self._protime.headers["Authorization"] = f"Bearer {token}"
            answer = self._protime.get(path)
        return answer.raise_for_status().content
