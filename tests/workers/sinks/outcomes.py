"""Collects what the behaviour suite saw of each sink; `--sinks-to FILE` writes the page about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workers.sinks.page import cell_of, page

Seen = dict[tuple[str, str], list[str]]
SEEN = pytest.StashKey[Seen]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sinks-to", metavar="FILE", help="write what every sink was seen to do")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEEN] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    report = yield
    if report.when == "call" or report.outcome != "passed":
        sinks = item.callspec.params.values() if hasattr(item, "callspec") else ()
        cell = cell_of(item.nodeid, [sink for sink in sinks if isinstance(sink, str)])
        if cell is not None:
            item.config.stash[SEEN].setdefault(cell, []).append(report.outcome)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    target, seen = session.config.getoption("--sinks-to"), session.config.stash[SEEN]
    if target and seen:
        Path(target).write_text(page(seen), encoding="utf-8")
