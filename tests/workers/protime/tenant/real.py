"""A real tenant to test against, named by environment variables. The secret is shown by nothing here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

DEMANDED = ("SHIFTWIRE_CLIENT_ID", "SHIFTWIRE_CLIENT_SECRET", "SHIFTWIRE_USER_AGENT")


@dataclass(frozen=True, kw_only=True)
class RealTenant:
    """`writes` allows what changes the tenant: records, webhooks, and the one delta of a collection."""

    name: str
    base_url: str
    auth_url: str
    client_id: str
    client_secret: str = field(repr=False)
    user_agent: str
    collections: tuple[str, ...]
    days: int
    writes: bool
    person: int
    activity: dict[str, Any] | None
    destination: str
    requests_per_minute: int = 120

    def reason_to_skip(self, node: pytest.Item) -> str | None:
        """Why a test cannot run here."""
        if node.get_closest_marker("simulated"):
            return "needs the switches or the controls of the simulator"
        if node.get_closest_marker("writes") and not self.writes:
            return "changes the tenant: SHIFTWIRE_WRITES=1 allows it"
        wanted = node.callspec.params.get("collection") if hasattr(node, "callspec") else None
        if wanted and wanted not in self.collections:
            return f"{wanted} is not among SHIFTWIRE_COLLECTIONS"
        return None


def real_tenant(environment: Mapping[str, str]) -> RealTenant | None:
    """The tenant that the environment names; None without SHIFTWIRE_TENANT. Raises pytest.UsageError."""
    name = environment.get("SHIFTWIRE_TENANT")
    if not name:
        return None
    if missing := [demanded for demanded in DEMANDED if not environment.get(demanded)]:
        raise pytest.UsageError(f"SHIFTWIRE_TENANT is set, and {', '.join(missing)} are missing")
    activity = environment.get("SHIFTWIRE_ACTIVITY_ID")
    return RealTenant(
        name=name,
        base_url=environment.get("SHIFTWIRE_BASE_URL") or f"https://{name}.myprotime.eu",
        auth_url=environment.get("SHIFTWIRE_AUTH_URL") or "https://authentication.myprotime.eu",
        client_id=environment["SHIFTWIRE_CLIENT_ID"],
        client_secret=environment["SHIFTWIRE_CLIENT_SECRET"],
        user_agent=environment["SHIFTWIRE_USER_AGENT"],
        collections=tuple(
            environment.get("SHIFTWIRE_COLLECTIONS", "assignments,clockings,people").split(",")
        ),
        days=int(environment.get("SHIFTWIRE_DAYS", "7")),
        writes=environment.get("SHIFTWIRE_WRITES") == "1",
        person=int(environment.get("SHIFTWIRE_PERSON_ID", "0")),
        activity={"id": activity} if activity else None,
        destination=environment.get("SHIFTWIRE_DESTINATION_URL", "https://c.example/shiftwire"),
        requests_per_minute=int(environment.get("SHIFTWIRE_REQUESTS_PER_MINUTE", "120")),
    )
