"""The sink that docs/writing-a-sink.md makes is one."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "writing-a-sink.md"


@pytest.fixture(scope="module")
def page() -> ModuleType:
    """The first listing of the page, as a module."""
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    module = ModuleType("program")
    sys.modules["program"] = module
    exec(compile(code[1], str(PAGE), "exec"), module.__dict__)
    return module


def made(page, *command: str):
    return page.ProgramSink("ours", page.ProgramOptions(type="program", command=command))


async def test_what_a_program_takes_is_delivered(page, make_event, tmp_path):
    target = tmp_path / "taken"
    sink = made(page, "sh", "-c", f"cat >> {target}; echo >> {target}")
    assert await sink.deliver([make_event(1), make_event(2)]) == {}
    assert [json.loads(line)["subject"] for line in target.read_text().splitlines()] == [
        "assignments/1",
        "assignments/2",
    ]


async def test_what_it_refuses_and_what_follows_is_not(page, make_event):
    failures = await made(page, "false").deliver([make_event(1), make_event(2)])
    assert {index: failure.scope for index, failure in failures.items()} == {0: "event", 1: "event"}


async def test_without_the_program_the_sink_is_away(page, make_event):
    failures = await made(page, "no-such-program").deliver([make_event(1)])
    assert failures[0].scope == "sink"
