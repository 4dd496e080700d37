"""Ctrl-C in a long command: exit code 130, how far it came, and how it goes on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.cli.commands import running, until
from tests.service.cli.written import Tenant, simulated
from workers.store import embedded

COLLECTIONS = {
    "assignments": {"since": "2026-01-01", "fetch": "payload"},
    "clockings": {"since": "2026-01-01"},
}
GOES_ON = "The same command goes on from"


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    server = embedded.start(tmp_path / "store")
    with simulated(tmp_path) as protime:
        made = Tenant(tmp_path, protime.url, collections=COLLECTIONS)
        made.use_store(server.url)
        yield made
    server.stop()


def test_a_load_that_waits_for_protime_says_so_and_goes_on_later(tenant: Tenant) -> None:
    tenant.switch(unavailable=True, retry_after_seconds=60)
    with running("sync", "acme", "assignments", "--config", str(tenant.config)) as process:
        assert process.stderr
        assert process.stderr.readline().startswith("Waiting ")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 130
        assert process.stderr.read() == f"Stopped before the end: no page was loaded. {GOES_ON} there.\n"


def test_a_load_that_ends_as_protime_is_away_says_how_it_goes_on(tenant: Tenant) -> None:
    tenant.config.write_text(tenant.config.read_text().replace(tenant.url, "http://127.0.0.1:1"))
    answer = tenant("sync", "acme", "assignments")
    assert answer.code == 69
    assert GOES_ON in answer.err
    assert answer.err.splitlines()[-1].startswith("Protime: ")


def test_an_import_reports_what_it_did_and_goes_on(tenant: Tenant) -> None:
    file, rows = tenant.folder / "rows.csv", 500
    lines = "".join(f"{1 + n % 10},2026-03-10,{n},InOut\n" for n in range(rows))
    file.write_text(f"person.id,date,timeOfDayInMinutes,kind\n{lines}")
    arguments = ("clockings", "import", "acme", str(file))
    with running(*arguments, "--config", str(tenant.config)) as process:
        assert process.stdout
        assert process.stderr
        until(lambda: len(tenant.records("clockings")) > 5, 20, "some rows are created")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stdout.read().startswith(f"{rows} row(s): ")
        assert GOES_ON in process.stderr.read()
    assert tenant(*arguments).code == 0
