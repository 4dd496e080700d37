from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from simulator.collections.table import ROWS
from simulator.filters import Condition, parse
from tests.simulator.rules.reading import DATED

DAY = "date eq '2026-03-03'"


async def ids(sim: Any, path: str) -> list[int]:
    found, _, _ = await sim.follow(path)
    return [record["id"] for record in found]


@pytest.mark.rule("3.2-booleans")
def test_truth_values_are_bare_words() -> None:
    assert parse("a eq true") == Condition("a", "eq", (True,))
    assert parse("a eq 'true'") == Condition("a", "eq", ("true",))


@pytest.mark.rule("3.2-encoding")
async def test_an_encoded_filter_means_the_same(sim: Any) -> None:
    await sim.add()
    text = "date ge '2026-01-01' and person in (1,2)"
    plain = await ids(sim, f"/assignments?filter={text}")
    assert plain
    assert await ids(sim, f"/assignments?filter={quote(text, safe='')}") == plain


@pytest.mark.rule("3.2-kebab", "3.3-counters")
async def test_counters_are_filtered_by_definition_and_by_one_or_more_statuses(make_sim: Any) -> None:
    sim = await make_sim()
    await sim.add("clockings")
    every = await ids(sim, f"/counters?filter={DAY} and person eq 1 and status eq 'Auto'")
    assert every
    for more, expected in (
        ("counter-definition in (1,2,3)", every),
        ("counter-definition eq 99", []),
        ("(status eq 'Auto' or status eq 'Manual')", every),
        ("status in ('Auto','Manual')", every),
    ):
        path = f"/counters?filter={DAY} and person eq 1 and status eq 'Auto' and {more}"
        assert await ids(sim, path) == expected, more
    refused = await sim.get(f"/counters?filter={DAY} and counterDefinition eq 1")
    assert refused.status_code == 400


@pytest.mark.rule("3.3-date-required")
async def test_every_dated_collection_demands_a_date(sim: Any) -> None:
    assert len(DATED) == 10
    for row in DATED:
        assert (await sim.get(f"/{row.name}")).status_code == 400, row.name
        assert (await sim.get(f"/{row.name}?filter={DAY}")).status_code == 200, row.name


@pytest.mark.rule("3.3-year", "3.3-open-range", "3.3-no-cap")
async def test_the_year_holds_for_ranges_with_two_ends_where_the_collection_says_so(sim: Any) -> None:
    uncapped = {"assignments", "paid-presences", "access-clockings"}
    for row in DATED:
        opened = await sim.get(f"/{row.name}?filter=date ge '2020-01-01'")
        closed = await sim.get(f"/{row.name}?filter=date ge '2020-01-01' and date le '2022-01-01'")
        assert (opened.status_code, closed.status_code) == (200, 200 if row.name in uncapped else 400), (
            row.name
        )


@pytest.mark.rule("3.3-people", "3.2-named-sets")
async def test_people_need_no_filter_and_take_persons_and_named_sets(sim: Any) -> None:
    assert await ids(sim, "/people") == list(range(1, 11))
    assert await ids(sim, "/people?filter=person in (1,2)") == [1, 2]
    assert await ids(sim, "/people?filter=person in org-group(200)") == [2, 4, 6, 8, 10]


@pytest.mark.rule("3.3-person")
async def test_contracts_are_filtered_by_person(sim: Any) -> None:
    found, _, _ = await sim.follow("/contracts?filter=person in (3)")
    assert {record["person"]["id"] for record in found} == {3}


@pytest.mark.rule("3.3-definitions", "3.1-unknown-field")
async def test_definitions_histories_and_catalogs_take_no_filter(sim: Any) -> None:
    without = [row.name for row in ROWS if row.listed and not row.filters]
    assert {"shift-definitions", "job-histories", "departments"} <= set(without)
    for name in without:
        assert (await sim.get(f"/{name}?filter=person eq 1")).status_code == 400, name


@pytest.mark.rule("3.4-page-size")
async def test_a_page_has_a_hundred_records_whatever_the_caller_wishes(make_sim: Any) -> None:
    sim = await make_sim(people=120)
    for query in ("", "?top=5", "?pageSize=5"):
        page = (await sim.get(f"/people{query}")).json()
        assert (len(page["value"]), "nextLink" in page) == (100, True), query


@pytest.mark.rule("3.8-id-only")
@pytest.mark.parametrize("collection", ["assignments", "clockings", "absences", "access-clockings"])
async def test_records_of_people_are_not_found_by_reference(sim: Any, collection: str) -> None:
    assert (await sim.get(f"/{collection}/@employee-number%3D5001")).status_code == 404
