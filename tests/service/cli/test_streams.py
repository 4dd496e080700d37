"""Bytes that are no text, and outputs that cannot be written to: words and an exit code, never a traceback."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pytest

from service.cli.processes import Family
from tests.service.cli.commands import command, environment
from tests.service.cli.past import Installation
from tests.service.cli.written import Tenant
from workers.store.embedded import NoRedis

NO_TEXT = b"\xff"


def raw(
    *arguments: str | bytes,
    env: Mapping[str, str | bytes] | None = None,
    out: int | IO[bytes] = subprocess.PIPE,
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [*command(), *arguments],
        stdout=out,
        stderr=subprocess.PIPE,
        timeout=60,
        env={**environment(), **(env or {})},
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize(
    "arguments",
    [
        ["events", "show", b"acme/assignments/" + NO_TEXT + b"/1"],
        ["replay", "--sink", "archive", "--subject", b"assignments/" + NO_TEXT],
        ["dead-letters", "show", b"acme.0." + NO_TEXT],
    ],
)
def test_an_argument_that_is_no_text_is_a_mistake_of_usage(
    arguments: list[str | bytes], installation: Installation
) -> None:
    done = raw(*arguments, "--config", str(installation.config))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"Not UTF-8: ")
    assert rb"\xff" in done.stderr


def test_a_value_of_the_environment_that_is_no_text_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    tenant = Tenant(tmp_path, "http://127.0.0.1:1", client_secret="${ACME_CLIENT_SECRET}")
    done = raw("check", "--config", str(tenant.config), env={"ACME_CLIENT_SECRET": b"se" + NO_TEXT})
    assert done.returncode == 78
    assert b"tenants.acme.client_secret: environment variable ACME_CLIENT_SECRET is not UTF-8" in done.stderr


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_an_output_that_cannot_be_written_is_a_failure_with_words(
    form: tuple[str, ...], installation: Installation
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = raw("ledger", *form, "--config", str(installation.config), out=full)
    assert (done.returncode, done.stderr) == (1, b"The output cannot be written: No space left on device\n")


def test_a_closed_standard_output_is_no_trouble(installation: Installation) -> None:
    line = 'exec "$@" >&-'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *command("ledger", "--config", str(installation.config))],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_character_that_the_output_cannot_hold_becomes_a_question_mark(tmp_path: Path) -> None:
    tenant = Tenant(tmp_path, "http://127.0.0.1:1")
    folder = tmp_path / "für"
    folder.mkdir()
    path = tenant.config.rename(folder / "shiftwire.yaml")
    done = raw("check", "--config", str(path), env={"PYTHONUTF8": "0", "LC_ALL": "C"})
    assert done.returncode == 0
    assert b"f??r/shiftwire.yaml: the configuration is valid" in done.stdout


@pytest.mark.parametrize("days", ["inf", "nan", "1e308", "1e7"])
def test_days_that_no_calendar_has_are_a_mistake_of_usage(days: str, installation: Installation) -> None:
    done = raw("dry-run", "archive", "--days", days, "--config", str(installation.config))
    assert done.returncode == 2
    assert b"--days" in done.stderr


def test_a_folder_that_cannot_be_made_for_the_embedded_redis_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoRedis, match=r"cannot keep its data in .*file/data .*store\.data_dir"):
        Family([], tmp_path / "file" / "data").start()
