"""The same fault of Protime for each fetch mode where it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.e2e.installation import ASSIGNMENTS
from tests.prove.fault import Fault

POLLED = {**ASSIGNMENTS["assignments"], "poll_seconds": 2}
#: The collection in each fetch mode. `resource` alone has no delta beside it: it is compared with a list.
MODES: Mapping[str, dict[str, Any]] = {
    "payload": {**POLLED, "fetch": "payload"},
    "delta": {**POLLED, "fetch": "delta"},
    "resource": {**POLLED, "fetch": "resource", "reconcile": {"every_seconds": 2}},
}


def in_modes(make: Callable[[], Fault], *modes: str) -> Iterator[Fault]:
    """`make` is called for each mode: two installations share no front. Only `payload` delivers each version."""
    for mode in modes:
        fault = make()
        collections = {"assignments": MODES[mode], **fault.house.get("collections", {})}
        house = {**fault.house, "collections": collections}
        yield replace(fault, name=f"{fault.name}, fetch {mode}", house=house, every=mode == "payload")
