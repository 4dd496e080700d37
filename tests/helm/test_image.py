"""The Dockerfile keeps what the chart and the lock file promise."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def copied() -> list[str]:
    """What is copied from the repository."""
    return [
        line.split()[1]
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
    ]


def test_the_user_is_the_one_of_the_chart(values):
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    context = values["podSecurityContext"]
    assert user == (str(context["runAsUser"]), str(context["runAsGroup"]))


def test_the_ports_are_those_of_the_chart(values):
    (ports,) = re.findall(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)
    assert ports.split() == [str(values["config"]["server"]["port"]), str(values["metrics"]["port"])]


def test_everything_installed_is_pinned_by_hash():
    installs = re.findall(r"pip install[^&]*", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in each and "--only-binary :all:" in each for each in installs)


def test_the_image_has_the_clients_of_all_sinks():
    assert re.findall(r"-r (\S+)", DOCKERFILE) == ["requirements-sinks.lock"]


def test_both_stages_have_the_same_interpreter():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1


def test_what_is_copied_exists_and_is_not_ignored():
    kept = [line.removeprefix("!") for line in IGNORE if line.startswith("!")]
    assert all((ROOT / path).exists() for path in copied())
    assert sorted(copied()) == sorted(kept)


def test_nothing_else_of_the_repository_gets_into_the_image():
    assert "*" in IGNORE
    assert not any(fnmatch(name, kept) for name in (".git", ".venv", "tests") for kept in copied())
