from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.collections.table import ROWS
from tests.simulator.rules.reading import LISTED, WHOLE, records

BASE = "/connector/protimeapi/api/v1"


@pytest.mark.rule("1.1-api-base")
async def test_the_api_lies_under_its_base_and_nowhere_else(sim: Any) -> None:
    statuses = [
        (await sim.http.get(path)).status_code
        for path in (f"{BASE}/people", "/people", "/connector/protimeapi/api/v2/people")
    ]
    assert statuses == [200, 404, 404]


@pytest.mark.rule("1.3-names")
def test_collections_are_kebab_case() -> None:
    assert [row.name for row in ROWS if not re.fullmatch(r"[a-z]+(-[a-z]+)*", row.name)] == []


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            # Below these stand languages and the names of references.
            yield name
            yield from () if name in {"translations", "externalReferences"} else _names(inner)
    for item in value if isinstance(value, list) else ():
        yield from _names(item)


@pytest.mark.rule("1.3-names")
async def test_properties_are_camel_case(sim: Any) -> None:
    await sim.add()
    await sim.add("clockings")
    for row in LISTED:
        for record in await records(sim, row.name):
            assert [n for n in _names(record) if not re.fullmatch(r"[a-z][A-Za-z0-9]*", n)] == [], row.name


@pytest.mark.rule("1.3-ids")
async def test_ids_are_integers(sim: Any) -> None:
    await sim.add()
    for row in LISTED:
        for record in await records(sim, row.name):
            assert type(record["id"]) is int, row.name


@pytest.mark.rule("1.3-ids")
async def test_ids_of_activity_definitions_and_webhooks_are_guids(sim: Any) -> None:
    wanted = {"destinationUrl": "https://c.example/in", "collectionName": "people"}
    created = (await sim.post("/webhooks", wanted)).json()
    for found in (sim.activity, created["id"]):
        assert str(uuid.UUID(found)) == found


@pytest.mark.rule("1.4-json")
@pytest.mark.parametrize("path", ["/people", "/people/1", f"/assignments?{WHOLE}", "/nonsense"])
async def test_every_body_says_that_it_is_json(sim: Any, path: str) -> None:
    assert (await sim.get(path)).headers["Content-Type"].partition(";")[0] == "application/json"
