from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workers.changes import Change, TenantView, normalize

Render = Callable[..., dict[str, Any]]

LEARNED_AT = datetime(2026, 3, 9, 14, 3, 11, 512_345, UTC)


@pytest.fixture(scope="session")
def brussels() -> TenantView:
    return TenantView(ZoneInfo("Europe/Brussels"), short_notice_hours=168)


@pytest.fixture(scope="session")
def assignment() -> Callable[..., dict[str, Any]]:
    """The example of the Protime documentation, with the given properties put over it; None removes one."""
    return _assignment


def _assignment(**properties: Any) -> dict[str, Any]:
    body = {
        "changeVersion": "0001E7C5000098FA0013",
        "id": 757085,
        "isRejected": False,
        "person": {"id": 1},
        "from": "2026-03-10",
        "until": "2026-03-10",
        "startTimeInMinutes": 480,
        "endTimeInMinutes": 1020,
        "breakDurationInMinutes": 30,
        "comments": "Morning shift",
        "activityLevels": [
            {"level": 1, "activityDefinition": {"id": "550e8400-e29b-41d4-a716-446655440000"}}
        ],
    }
    body |= {name.removesuffix("_"): value for name, value in properties.items()}
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture(scope="session")
def clocking() -> Callable[..., dict[str, Any]]:
    return _clocking


def _clocking(**properties: Any) -> dict[str, Any]:
    body = {
        "changeVersion": "0000090200004BD0000B",
        "id": 1050,
        "person": {"id": 1},
        "date": "2026-02-13",
        "timeOfDayInMinutes": 480,
        "kind": "InOut",
        "status": "Active",
    }
    return {name: value for name, value in (body | properties).items() if value is not None}


@pytest.fixture(scope="session")
def change() -> Callable[..., Change]:
    """A change of collection 757085/…0014; without a resource it is a Delete."""
    return _change


def _change(
    collection: str, resource: Any = None, previous: dict[str, Any] | None = None, **values: Any
) -> Change:
    defaults: dict[str, Any] = {
        "tenant": "acme",
        "id": 757085,
        "version": "0001E7C5000098FA0014",
        "deleted": resource is None,
        "was_deleted": False,
        "origin": "webhook",
        "learned_at": LEARNED_AT,
    }
    return Change(collection=collection, resource=resource, previous=previous, **(defaults | values))


@pytest.fixture(scope="session")
def render(brussels: TenantView) -> Render:
    """Normalizes a change, as `change` makes it, and decodes the event with the standard library."""

    def rendered(
        collection: str,
        resource: Any = None,
        previous: dict[str, Any] | None = None,
        view: TenantView = brussels,
        **values: Any,
    ) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(
            normalize(_change(collection, resource, previous, **values), view).json
        )
        return event

    return rendered
