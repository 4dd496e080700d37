"""The marker that ties a test to the rules it shows: `@pytest.mark.rule("3.4-empty-pages", …)`.

An unknown rule ends the collection. `--rules-to FILE` writes what was collected: `[[rule, path, function], …]`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.protime_rules.table import RULES


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rules-to", metavar="FILE", help="write which test shows which rule of the Protime API"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rule(*ids): shows rules of the Protime API (tests/protime_rules)")
    config.addinivalue_line("markers", "simulated: needs the switches or the controls of the simulator")
    config.addinivalue_line("markers", "writes: changes records, webhooks or the delta of the tenant")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ties = list(dict.fromkeys(tie for item in items for tie in _ties(config, item)))
    if unknown := [
        f"{path}::{name} names the unknown rule {rule!r}" for rule, path, name in ties if rule not in RULES
    ]:
        raise pytest.UsageError(*unknown)
    if target := config.getoption("--rules-to"):
        Path(target).write_text(json.dumps(ties), encoding="utf-8")


def _ties(config: pytest.Config, item: pytest.Item) -> Iterator[tuple[str, str, str]]:
    path = item.path.relative_to(config.rootpath).as_posix()
    for rule in _named(item.iter_markers("rule")):
        yield rule, path, item.originalname if isinstance(item, pytest.Function) else item.name


def _named(markers: Iterable[pytest.Mark]) -> Iterator[str]:
    for marker in markers:
        yield from marker.args
