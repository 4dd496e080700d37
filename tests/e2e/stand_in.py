"""The simulator over HTTP: its control routes, and its API as another client of the tenant would use it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx

API = "/connector/protimeapi/api/v1"
AUTH = "/tenants/acme/connect/token"

Record = dict[str, Any]


class StandIn:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(
            base_url=self.url, timeout=60, headers={"user-agent": "Other/v1 (Somebody)"}
        )

    def close(self) -> None:
        self._http.close()

    def stats(self) -> dict[str, Any]:
        return self._get("/control/stats")

    def calls(self, start: str = "") -> int:
        """Calls of the API whose route begins so, such as `GET /assignments/{id}`. Those of this class count too."""
        return sum(n for route, n in self.stats()["calls"].items() if route.startswith(start))

    def state(self, collection: str = "assignments") -> dict[str, Any]:
        """The truth: `{subject: {changeVersion, deleted, record}}`."""
        found = self._get(f"/control/state/{collection}")
        return {f"{collection}/{number}": entry for number, entry in found.items()}

    def deliveries(self, collection: str = "assignments") -> list[dict[str, Any]]:
        """What was sent to webhooks: `{id, changeVersion, status, attempts: [{sentAt, answeredAt, status}], …}`."""
        return [d for d in self._get("/control/deliveries") if d["collection"] == collection]

    def accepted(self, collection: str = "assignments") -> dict[tuple[str, str], float]:
        """(subject, changeVersion) of every notification that got a 2xx, and when it first did."""
        found: dict[tuple[str, str], float] = {}
        for delivery, at in _answered(self.deliveries(collection)):
            key = (f"{collection}/{delivery['id']}", delivery["changeVersion"])
            found[key] = min(at, found.get(key, at))
        return found

    def generate(self, **order: Any) -> list[int]:
        """Numbered changes; returns the ids of the resources. With `per_second` they go on in the background."""
        answer = self._http.post("/control/generate", json=order).raise_for_status()
        return list(answer.json()["resources"])

    def quiet(self) -> bool:
        """Nothing is being changed and no delivery is under way or waits for its retry."""
        stats = self.stats()
        return stats["generating"] == 0 and stats["pending"] == 0

    def switch(self, **settings: Any) -> None:
        self._http.patch("/control/settings", json=settings).raise_for_status()

    def write(self, collection: str = "assignments", **fields: Any) -> Record:
        """Creates a record (no `id`), or changes the fields that are named."""
        record: Record = (
            self._http.post(f"/control/records/{collection}", json=fields).raise_for_status().json()
        )
        return record

    def plan(self, **fields: Any) -> Record:
        """A new assignment of today."""
        return self.write(**{**new_assignment(), **fields})

    def remove(self, number: int, collection: str = "assignments") -> None:
        self._http.delete(f"/control/records/{collection}/{number}").raise_for_status()

    def webhooks(self) -> list[dict[str, Any]]:
        """As the API lists them: all that are not deleted."""
        return list(self._get(f"{API}/webhooks", headers=self._bearer())["value"])

    def lives(self, collection: str) -> list[dict[str, Any]]:
        """Every webhook that ever was: `{id, createdAt, endedAt, …}`, in the tenant's seconds."""
        return [w for w in self._get("/control/webhooks") if w["collection"] == collection]

    def subscribe(self, destination: str, collection: str = "assignments") -> str:
        """A webhook made by somebody else; returns its id."""
        body = {"destinationUrl": destination, "collectionName": collection}
        answer = self._http.post(f"{API}/webhooks", json=body, headers=self._bearer()).raise_for_status()
        return str(answer.json()["id"])

    def interfere(self, webhook: str, action: str) -> None:
        """`disable`, `delete` or `expire` a webhook behind its owner's back."""
        self._http.post(f"/control/webhooks/{webhook}", json={"action": action}).raise_for_status()

    def revoke_tokens(self) -> None:
        """All tokens handed out so far answer 401 from now on."""
        self._http.delete("/control/tokens").raise_for_status()

    def expire_deltas(self) -> None:
        """All delta links handed out so far answer 410 from now on."""
        self._http.delete("/control/deltas").raise_for_status()

    def expire_paging_tokens(self) -> None:
        """All paging tokens handed out so far answer 409 from now on."""
        self._http.delete("/control/paging-tokens").raise_for_status()

    def start_delta(self, collection: str = "assignments", since: str = "2026-01-01") -> None:
        """Another program of the same tenant starts its own delta: at Protime there is one, and it is theirs now."""
        path = f"{API}/{collection}?filter=date ge '{since}'&delta"
        self._get(path, headers=self._bearer())

    def _bearer(self) -> dict[str, str]:
        form = {
            "grant_type": "client_credentials",
            "client_id": "shiftwire",
            "client_secret": "simulated-secret",
        }
        token = self._http.post(AUTH, data=form).raise_for_status().json()["access_token"]
        return {"authorization": f"Bearer {token}"}

    def _get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self._http.get(path, headers=headers).raise_for_status().json()


def new_assignment() -> dict[str, Any]:
    today = datetime.now(UTC).date().isoformat()
    return {
        "person": {"id": 1},
        "from": today,
        "until": today,
        "startTimeInMinutes": 480,
        "endTimeInMinutes": 1020,
        "breakDurationInMinutes": 30,
        "comments": "planned",
        "activityLevels": [],
    }


def _answered(deliveries: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], float]]:
    for delivery in deliveries:
        for attempt in delivery["attempts"]:
            if attempt["status"] is not None and 200 <= attempt["status"] < 300:
                yield delivery, attempt["answeredAt"]
                break
