"""`import` in processes of its own: each row once, however often it is killed."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.cli.commands import running, until
from tests.service.cli.written import ALONE, Tenant, simulated

HEAD = "person.id,date,timeOfDayInMinutes,kind\n"


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with simulated(tmp_path) as made:
        yield made


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def written(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["person"]["id"], record["date"], record["timeOfDayInMinutes"], record["kind"]


ROWS = 10_000


def clocked(chance: random.Random) -> list[tuple[Any, ...]]:
    """Rows of fifty people over forty days, in any order; a hundred are true duplicates and stay what they are."""
    days = [f"2026-{3 + n // 20:02}-{n % 20 + 1:02}" for n in range(40)]
    rows = [(n % 50 + 1, days[n // 50 % 40], 480 + n // 2000, "InOut") for n in range(ROWS - 100)]
    rows += rows[:100]
    chance.shuffle(rows)
    return rows


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_import_of_ten_thousand_killed_twice_creates_each_row_once(tenant: Tenant) -> None:
    seed = random.randrange(10_000)
    chance = random.Random(seed)
    rows = clocked(chance)
    file, journal = tenant.folder / "rows.csv", tenant.folder / "rows.csv.shiftwire-import"
    file.write_text(HEAD + "".join(f"{','.join(map(str, row))}\n" for row in rows))
    arguments = ("clockings", "import", "acme", str(file), "--config", str(tenant.config))
    for _ in range(2):
        enough = lines(journal) + chance.randrange(1000, 7000)
        with running(*arguments) as process:
            until(lambda enough=enough: lines(journal) >= enough, 60, "some rows are on their way")  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            process.wait(10)
    last = tenant("clockings", "import", "acme", str(file), "--json")
    summary = last.json()
    assert summary["rows"] == summary["created"] + summary["found"] + summary["created_before"] == ROWS
    records = tenant.records("clockings")
    assert len(records) == ROWS
    assert Counter(map(written, records)) == Counter(rows), f"seed {seed}"
    assert {result["id"] for result in summary["results"]} == {record["id"] for record in records}
    again = tenant("clockings", "import", "acme", str(file))
    assert (again.code, again.out) == (0, f"{ROWS} row(s): {ROWS} created before\n")


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_is_no_import(tenant: Tenant, content: str) -> None:
    file = tenant.folder / "empty.csv"
    file.write_text(content)
    answer = tenant.here("clockings", "import", "acme", str(file))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"{file}: is empty: ")


def test_a_file_that_cannot_be_read_is_named_once(tenant: Tenant) -> None:
    file = tenant.folder / "latin.csv"
    file.write_bytes(b"person.id\n\xfc\n")
    assert tenant.here("clockings", "import", "acme", str(file)).err.count("latin.csv") == 1


def test_rows_that_fail_are_told_with_their_lines_and_the_others_are_created(tenant: Tenant) -> None:
    file = tenant.folder / "rows.csv"
    good, wrong, unknown = "1,2026-03-10,480,InOut", "1,2026-03-10,soon,InOut", "999,2026-03-10,480,InOut"
    file.write_text(HEAD + f"{good}\n{wrong}\n{unknown}\n")
    answer = tenant("clockings", "import", "acme", str(file))
    assert answer.code == 1
    first, second, summary = answer.out.splitlines()
    assert first.startswith("line 3: timeOfDayInMinutes: must be")
    assert second.startswith("line 4: 400 ")
    assert "refers to nothing in people" in second
    assert summary == "3 row(s): 1 created, 2 failed"
    assert (answer.err.count(ALONE), answer.err.count("\n")) == (1, 1)
    # Corrected, with a row more before the others: only what is new is sent.
    file.write_text(HEAD + f"2,2026-03-10,480,InOut\n{good}\n{wrong.replace('soon', '08:00')}\n")
    answer = tenant("clockings", "import", "acme", str(file))
    assert (answer.code, answer.out) == (0, "3 row(s): 2 created, 1 created before\n")
    assert len(tenant.records("clockings")) == 3


def test_a_dry_run_checks_every_row_and_sends_nothing(tenant: Tenant) -> None:
    file = tenant.folder / "rows.jsonl"
    level = {"level": 1, "activityDefinition": {"externalReferences": {"@data-entry-code": "00014"}}}
    good = {"person": {"id": 1}, "from": "2026-03-10", "activityLevels": [level]}
    file.write_text(f"{json.dumps(good)}\n{json.dumps({**good, 'until': '2026-03-09'})}\n")
    answer = tenant("assignments", "import", "acme", str(file), "--dry-run")
    assert answer.code == 1
    assert answer.out == (
        "line 2: until: must not be before from (2026-03-09 < 2026-03-10)\n"
        "2 row(s): 1 good, 1 failed; nothing was sent\n"
    )
    assert tenant.calls() == {}
    assert sorted(path.name for path in tenant.folder.iterdir()) == ["rows.jsonl", "shiftwire.yaml"]
    assert tenant("assignments", "import", "acme", str(file)).code == 1
    assert len(tenant.records("assignments")) == 1


def test_a_first_line_that_names_nothing_sends_nothing(tenant: Tenant) -> None:
    file = tenant.folder / "rows.csv"
    file.write_text("persn.id,date\n1,2026-03-10\n")
    answer = tenant("clockings", "import", "acme", str(file))
    assert (answer.code, answer.out) == (1, "")
    assert "did you mean person.id" in answer.err
    assert tenant.calls() == {}
