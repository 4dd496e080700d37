"""Hold every locked dependency against the known vulnerabilities: `make audit`, a part of `make check`.

Exit 0: none is known, or nobody could be asked, which is said. Exit 1: some are known, or who was asked stopped
answering, or `--required` was given and nobody could be asked. `PIP_AUDIT_VULNERABILITY_SERVICE` and `PIP_AUDIT_OSV_URL` choose who is asked (see pip-audit).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pip_audit  # noqa: F401  # missing is not the same as unreachable

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (
    "requirements.lock",
    "requirements-sinks.lock",
    "requirements-dev.lock",
    "bench/requirements.lock",
    "tests/helm/requirements.lock",
)
#: Known to be vulnerable. Who does not say so of it (an index that answers "not found", or without advisories) would
#: call everything sound.
WITNESS = ("jinja2", "2.4.1")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
#: For the question about the witness, and for all others.
_FIRST_SECONDS, _ALL_SECONDS = 15.0, 600.0
_OPTIONS = (
    "--no-deps",
    "--disable-pip",
    "--format=json",
    "--desc=off",
    "--progress-spinner=off",
    "--timeout=5",
)

Pin = tuple[str, str]


class NoAnswer(Exception):
    """The service of advisories did not answer, or not as one does."""


def pins(root: Path = ROOT) -> set[Pin]:
    """(name, version) of everything that is locked for any platform."""
    texts = [(root / lock).read_text(encoding="utf-8") for lock in LOCKS]
    return {(name.lower(), version) for text in texts for name, version in _PIN.findall(text)}


def advisories(wanted: set[Pin], seconds: float) -> list[dict[str, Any]]:
    """What pip-audit says of each: `name`, `version` and `vulns`, or `skip_reason`. Raises `NoAnswer`."""
    return [answer for some in _rounds(wanted) for answer in _asked(some, seconds)]


def _rounds(wanted: set[Pin]) -> list[list[Pin]]:
    """Pip-audit takes one version of a package at a time; for two platforms two may be locked."""
    rounds: dict[int, list[Pin]] = defaultdict(list)
    seen: Counter[str] = Counter()
    for name, version in sorted(wanted):
        rounds[seen[name]].append((name, version))
        seen[name] += 1
    return list(rounds.values())


def _asked(wanted: list[Pin], seconds: float, *options: str) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        file = Path(folder, "pins.txt")
        file.write_text("".join(f"{name}=={version}\n" for name, version in wanted), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", *_OPTIONS, *options, f"--requirement={file}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise NoAnswer(f"no answer within {seconds:g} s") from None
    if done.returncode not in {
        0,
        1,
    }:  # nothing known, something known or no answer; all else is a mistake here
        sys.exit(done.stderr)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        raise NoAnswer((done.stderr.strip() or "no answer").splitlines()[-1]) from None
    return found


def ask_the_witness() -> None:
    """Raises `NoAnswer` where nothing is said of a package with well-known vulnerabilities."""
    with TemporaryDirectory() as cache:  # what was said a while ago is not who answers now
        [answer] = _asked([WITNESS], _FIRST_SECONDS, f"--cache-dir={cache}")
    if not answer.get("vulns"):
        nothing = f"nothing is known against {'=='.join(WITNESS)}, which has several vulnerabilities"
        raise NoAnswer(answer.get("skip_reason") or nothing)


def complaints(answers: list[dict[str, Any]]) -> list[str]:
    """A line for each known vulnerability, and for each package that the service does not know."""
    return [
        *(
            f"{answer['name']}=={answer['version']}: {found['id']}, {_remedy(found['fix_versions'])}"
            for answer in answers
            for found in answer.get("vulns", ())
        ),
        *(f"{answer['name']}: {answer['skip_reason']}" for answer in answers if "skip_reason" in answer),
    ]


def _remedy(versions: list[str]) -> str:
    return f"fixed in {', '.join(versions)}: `make lock LOCK_ARGS=--upgrade`" if versions else "not fixed yet"


def audit() -> int:
    """The exit code. Raises `NoAnswer`."""
    wanted = pins()
    found = complaints(advisories(wanted, _ALL_SECONDS))
    print("\n".join(found) or f"{len(wanted)} locked packages, no vulnerability known")
    return int(bool(found))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--required", action="store_true", help="fail where nobody can be asked")
    required = parser.parse_args().required
    try:
        ask_the_witness()
    except NoAnswer as error:
        print(f"NOT AUDITED: no service of advisories answers here: {error}", file=sys.stderr)
        return int(required)
    try:
        return audit()
    except NoAnswer as error:
        print(f"NOT AUDITED: the service of advisories stopped answering: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
