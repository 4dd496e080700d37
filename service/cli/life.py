"""The life of one event for people: the event, then what happened to it, a line each, in the tenant's time."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from service.cli import screen
from workers.store.log import Life


def print_life(life: Life, zone: ZoneInfo) -> None:
    screen.print_json(life.event.as_dict())
    output = screen.Output()
    for step in steps(life, zone):
        output.print(step)


def steps(life: Life, zone: ZoneInfo) -> list[str]:
    """Received (perhaps more than once), decided, and each attempt at each sink."""
    told = [
        _step("received", x["received_at"], zone, f"by {x['origin']}: {x['decision']}")
        for x in life.notifications
    ]
    decided = _step("decided", life.decision.get("at"), zone, life.decision["decision"])
    return [*told, decided, *(_delivery(x, zone) for x in life.deliveries)]


def _delivery(step: dict[str, Any], zone: ZoneInfo) -> str:
    reason = f" ({step['reason']})" if step.get("reason") else ""
    return _step(step["outcome"], step["at"], zone, f"{step['sink']}{reason}")


def _step(what: str, at: str | None, zone: ZoneInfo, text: str) -> str:
    return f"{what:<9}  {screen.local(at, zone) if at else '':<24}  {text}"
