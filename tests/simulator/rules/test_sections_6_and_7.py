from __future__ import annotations

import re
from typing import Any

import pytest

from tests.simulator.rules.reading import LISTED, WHOLE, records

UNDATED = [row for row in LISTED if row.delta and not any(f.required for f in row.filters.values())]


@pytest.mark.rule("6.3-undated")
async def test_the_delta_of_an_undated_collection_takes_no_filter(sim: Any) -> None:
    assert len(UNDATED) == 8
    for row in UNDATED:
        assert (await sim.get(f"/{row.name}?delta")).status_code == 200, row.name
        assert (await sim.get(f"/{row.name}?filter=person in (1)&delta")).status_code == 400, row.name


@pytest.mark.rule("6.5-collections")
async def test_exactly_the_collections_with_webhooks_have_a_delta(sim: Any) -> None:
    for row in LISTED:
        demanded = any(field.required for field in row.filters.values())
        answer = await sim.get(f"/{row.name}?{f'{WHOLE}&' if demanded else ''}delta")
        assert answer.status_code == (200 if row.webhook else 400), row.name


@pytest.mark.rule("7-present", "7-shape")
async def test_every_record_of_a_collection_with_webhooks_has_a_version(sim: Any) -> None:
    await sim.add()
    await sim.add("clockings")
    for row in LISTED:
        for record in await records(sim, row.name) if row.webhook else ():
            assert re.fullmatch(r"[0-9A-F]{20}", record["changeVersion"]), row.name
