"""`make audit`: what is known to be vulnerable fails, and silence is not taken for soundness."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from typing import Any

import pytest

from tests.dependencies.advisories import JINJA, STARLETTE, advisories
from tests.dependencies.locks import ROOT, locked
from tests.dependencies.test_dependencies import LOCKS

WITNESS = ("jinja2", "2.4.1")
LOCKED = {(pin.name, pin.version) for file in LOCKS for pin in locked(file)}


def audit(url: str, *options: str, service: str = "osv") -> subprocess.CompletedProcess[str]:
    asked = {"PIP_AUDIT_VULNERABILITY_SERVICE": service, "PIP_AUDIT_OSV_URL": url, "NO_PROXY": "*"}
    command = [sys.executable, str(ROOT / ".ci" / "audit.py"), *options]
    return subprocess.run(
        command, env=os.environ | asked, capture_output=True, text=True, timeout=100, check=False
    )


def test_every_locked_package_of_every_platform_is_asked_about_and_sound() -> None:
    with advisories({WITNESS: JINJA}) as (service, url):
        done = audit(url)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(LOCKED)} locked packages, no vulnerability known" in done.stdout
    assert set(service.asked) == LOCKED | {WITNESS}


def test_a_known_vulnerability_fails_and_says_what_fixes_it() -> None:
    with advisories({WITNESS: JINJA, ("starlette", ""): STARLETTE}) as (_, url):
        done = audit(url)
    assert done.returncode == 1
    [line] = done.stdout.splitlines()
    [version] = {pin.version for pin in locked("requirements.lock") if pin.name == "starlette"}
    assert line.startswith(f"starlette=={version}: PYSEC-2099-1, fixed in 99.1")


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--required",), 1)])
@pytest.mark.parametrize("knows", [{}, {WITNESS: JINJA}], ids=["knows nothing", "out of reach"])
def test_where_nobody_can_be_asked_it_says_so_and_fails_only_if_it_is_required(
    knows: dict[tuple[str, str], Any], options: tuple[str, ...], code: int
) -> None:
    with advisories(knows) as (service, url):
        done = audit("http://127.0.0.1:9/" if knows else url, *options)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.startswith("NOT AUDITED: ")
    assert len(service.asked) == (0 if knows else 1)  # nor are all the others asked about in vain


def test_a_service_that_stops_answering_is_not_taken_for_sound() -> None:
    with advisories({WITNESS: JINJA}, answers=20) as (_, url):
        done = audit(url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "stopped answering" in done.stderr


def test_a_mistake_of_its_own_is_not_taken_for_a_network_that_is_away() -> None:
    done = audit("", service="nobody-of-this-name")
    assert done.returncode == 1
    assert "nobody-of-this-name" in done.stderr
    assert "NOT AUDITED" not in done.stderr


def test_a_package_that_the_index_has_not_is_named() -> None:
    reason = "Dependency not found on PyPI and could not be audited: sniffio (1.3.1)"
    answers = [
        {"name": "sniffio", "skip_reason": reason},
        {"name": "idna", "version": "3.20", "vulns": []},
        {"name": "rich", "version": "1.0", "vulns": [{"id": "PYSEC-2099-2", "fix_versions": []}]},
    ]
    complaints = runpy.run_path(str(ROOT / ".ci" / "audit.py"))["complaints"]
    assert complaints(answers) == ["rich==1.0: PYSEC-2099-2, not fixed yet", f"sniffio: {reason}"]
