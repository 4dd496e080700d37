"""`assignments` and `clockings` in processes of their own, against the simulator's."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli.body_options import time_of_day
from tests.ports import free_port
from tests.service.cli.commands import command
from tests.service.cli.written import ALONE, Tenant, simulated

ASSIGN = (
    *("assignments", "create", "acme", "--person", "@employee-number=5003", "--from", "2026-03-10"),
    *("--start", "08:00", "--end", "17:00", "--break", "30", "--activity", "1=@data-entry-code=00014"),
)
LIST = ("assignments", "list", "acme", "--from")
CLOCK = ("clockings", "create", "acme", "--person", "3", "--date", "2026-03-10", "--kind", "InOut")


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with simulated(tmp_path_factory.mktemp("tenant")) as made:
        yield made


def test_an_assignment_from_creation_to_deletion(tenant: Tenant) -> None:
    created = tenant(*ASSIGN)
    assert (created.code, created.err.count(ALONE), created.err.count("\n")) == (0, 1, 1)
    number = created.out.strip()
    before = tenant.here("assignments", "get", "acme", number).json()
    assert tenant("assignments", "update", "acme", number, "--comments", "late", "--json").json() == {
        "id": int(number)
    }
    after = tenant.here("assignments", "get", "acme", number, "--json").json()
    assert {**before, "comments": "late", "changeVersion": after["changeVersion"]} == after
    listed = tenant.here(
        "assignments", "list", "acme", "--from", "2026-03-10", "--person", "3", "--json"
    ).json()
    assert listed == [after]
    table = tenant.here("assignments", "list", "acme", "--from", "2026-03-10", "--to", "2026-03-10").out
    assert all(text in table for text in (number, "08:00", "17:00", "late"))
    assert tenant("assignments", "delete", "acme", number).code == 0
    gone = tenant.here("assignments", "get", "acme", number)
    assert (gone.code, gone.out) == (1, "")
    assert "404" in gone.err


def test_a_clocking_is_created_and_listed_with_the_references_asked_for(tenant: Tenant) -> None:
    created = tenant(*CLOCK, "--time", "-02:00", "--terminal", "@external-code=T01", "--json").json()
    listed = tenant.here(
        *("clockings", "list", "acme", "--from", "2026-03-10", "--json"),
        *(
            "--external-reference",
            "people=@employee-number",
            "--external-reference",
            "terminals=@external-code",
        ),
    ).json()
    (found,) = [record for record in listed if record["id"] == created["id"]]
    assert found["timeOfDayInMinutes"] == -120
    assert found["person"]["externalReferences"] == {"@employee-number": "5003"}
    assert found["terminal"]["externalReferences"] == {"@external-code": "T01"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*CLOCK, "--time", "49:00"), ["timeOfDayInMinutes: must be"]),
        (
            (*CLOCK, "--time", "8h", "--reason", "2"),
            ["timeOfDayInMinutes: ", "reason: is for clockings of kind"],
        ),
        ((*ASSIGN, "--until", "2026-03-09"), ["until: must not be before from"]),
        (("assignments", "create", "acme", "--data", "{"), ["not JSON"]),
        (("assignments", "create", "acme", "--data", "[]"), ["must be a JSON object"]),
        (("assignments", "create", "acme", "--data", "{}"), ["person: ", "from: ", "activityLevels: "]),
        (("assignments", "list", "acme", "--filter", "person gt 3"), ["is not an operator"]),
        (("clockings", "list", "acme", "--from", "2026-01-01", "--external-reference", "x=y"), ["Not sent"]),
    ],
)
def test_a_bad_value_ends_with_1_and_nothing_is_sent(
    tenant: Tenant, arguments: tuple[str, ...], words: list[str]
) -> None:
    before = tenant.calls()
    answer = tenant.here(*arguments)
    assert (answer.code, answer.out) == (1, "")
    assert all(word in answer.err for word in words), answer.err
    assert "Traceback" not in answer.err
    assert tenant.calls() == before


@pytest.mark.parametrize("given", ["--file", "-"])
def test_a_body_that_is_no_text_ends_with_1_by_file_and_by_standard_input(tenant: Tenant, given: str) -> None:
    file = tenant.folder / "body.json"
    file.write_bytes(b'{"comments": "\xff"}')
    name = (given, str(file)) if given == "--file" else (given,)
    words = command("assignments", "create", "acme", *name, "--config", str(tenant.config))
    done = subprocess.run(words, input=file.read_bytes(), capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"Not sent: the body is not UTF-8 (byte 15)\n")


def test_the_help_says_that_an_assignment_without_until_is_open_ended(tenant: Tenant) -> None:
    assert "open-ended" in tenant.here("assignments", "create", "--help").out


@pytest.mark.parametrize(
    ("text", "minutes"), [("0", 0), ("00:08", 8), ("480", 480), ("-120", -120), ("-02:00", -120)]
)
def test_a_time_is_a_clock_or_minutes_since_midnight(text: str, minutes: int) -> None:
    assert time_of_day("--start", text) == minutes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("assignments", "create", "acme"), "give a body"),
        ((*ASSIGN, "--data", "{}"), "one body only"),
        (("assignments", "create", "acme", "x"), "only a dash"),
        (("assignments", "create", "acme", "--file", "nowhere.json"), "cannot be read"),
        (("assignments", "create", "acme", "--activity", "17"), "has no level"),
        (("assignments", "update", "acme", "seven", "--break", "5"), "ID"),
        (("assignments", "list", "acme"), "--from"),
        (("assignments", "list", "acme", "--from", "2026-03-10", "--filter", "x"), "--filter stands alone"),
        (("clockings", "list", "umbrella", "--from", "2026-03-10"), "there is no tenant umbrella"),
        (
            ("clockings", "list", "acme", "--from", "2026-03-10", "--external-reference", "x"),
            "COLLECTION=NAME",
        ),
        (("clockings", "import", "acme", "nowhere.csv"), "nowhere.csv"),
        ((*ASSIGN, "--end", "17"), "17 could be an hour or minutes"),
        ((*ASSIGN, "--start", "0830"), "0830 could be an hour or minutes"),
        ((*CLOCK, "--time", "-8"), "-8 could be an hour or minutes"),
        ((*CLOCK, "--time", "480", "--longitude", "4.39"), "give both"),
        ((*CLOCK, "--time", "480", "--latitude", "51"), "give both"),
        ((*LIST, "2026-03-10", "--to", "2026-03-09"), "2026-03-09 is before --from 2026-03-10"),
        ((*LIST, "tomorrow"), "expected a date"),
        ((*LIST, "2026-03-10", "--person", "x"), "expected ids"),
        ((*LIST, "2026-03-10", "--org-group", "1,,2"), "expected ids"),
        (("clockings", "delete", "acme", "1"), "No such command"),
    ],
)
def test_a_mistake_of_usage_ends_with_2(tenant: Tenant, arguments: tuple[str, ...], words: str) -> None:
    answer = tenant.here(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def test_what_protime_refuses_ends_with_1_and_its_reasons(tenant: Tenant) -> None:
    answer = tenant(*CLOCK[:3], "--person", "999", *CLOCK[5:], "--time", "480")
    assert answer.code == 1
    assert "refers to nothing in people" in answer.err


def test_a_protime_that_does_not_answer_ends_with_69(tmp_path: Path) -> None:
    away = Tenant(tmp_path, f"http://127.0.0.1:{free_port()}")
    (tmp_path / "rows.csv").write_text("person.id,date,timeOfDayInMinutes,kind\n1,2026-03-10,480,InOut\n")
    assert away("assignments", "get", "acme", "1").code == 69
    answer = away("clockings", "import", "acme", str(tmp_path / "rows.csv"))
    assert answer.code == 69
    assert "The same command goes on" in answer.err


def test_a_creation_in_doubt_ends_with_69_and_says_so(tenant: Tenant) -> None:
    tenant.switch(error_burst=1)
    answer = tenant.here(*CLOCK, "--time", "480")
    assert (answer.code, answer.out) == (69, "")
    assert "may have been created" in answer.err


def test_a_client_that_protime_does_not_know_ends_with_78(tenant: Tenant, tmp_path: Path) -> None:
    wrong = Tenant(tmp_path, tenant.url, client_secret="wrong")
    assert wrong("assignments", "get", "acme", "1").code == 78
