"""What the demo asks the simulator: counts, the truth about each record, and when each last changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import httpx

from service.cli.demo_setup import CLIENT_ID, CLIENT_SECRET, TENANT
from simulator.listing import BASE


class SimulatorView:
    """All methods raise `httpx.HTTPError`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def stats(self) -> dict[str, Any]:
        return await self._json("/control/stats")

    async def truth(self, collections: Iterable[str]) -> dict[str, dict[str, Any]]:
        """`collection/id` → `{changeVersion, deleted, record}`."""
        found = {name: await self._json(f"/control/state/{name}") for name in collections}
        return {f"{name}/{key}": entry for name, entries in found.items() for key, entry in entries.items()}

    async def last_changes(self) -> dict[str, float]:
        """`collection/id` → when its last change was made, as the webhooks' debugging endpoints tell (Unix seconds)."""
        headers = {
            "Authorization": f"Bearer {await self._token()}",
            "User-Agent": "ShiftwireDemo/v1 (Shiftwire)",
        }
        last: dict[str, float] = {}
        for webhook in (await self._json(f"{BASE}/webhooks", headers))["value"]:
            for event in (await self._json(f"{BASE}/webhooks/{webhook['id']}/events", headers))["value"]:
                subject = f"{event['collectionName']}/{event['resourceId']}"
                last[subject] = datetime.fromisoformat(event["createdAt"]).timestamp()
        return last

    async def _token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "scope": "connector-protimeapi-webhooks.read",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        answer = await self._http.post(f"/tenants/{TENANT}/connect/token", data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    async def _json(self, path: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = await self._http.get(path, headers=headers)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def our_calls(calls: dict[str, int]) -> Counter[str]:
    """Of all calls, those by which Shiftwire read and subscribed; planners and people only write."""
    return Counter(
        {route: n for route, n in calls.items() if route.startswith("GET ") or "/webhooks" in route}
    )
