"""What people type behind an option is a value or refused in words."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from typing import Any

import msgspec
import typer
from hypothesis import given
from hypothesis import strategies as st

from service.cli import body_options, record_list
from service.cli.failures import CommandFailed

likely = st.from_regex(r"\A[-+@=,.0-9a-z]{0,16}\Z")


@given(st.text() | likely)
def test_any_text_is_a_reference_that_can_be_sent(text: str) -> None:
    found = body_options.reference(text)
    name, equals, value = text.partition("=")
    assert found.keys() == ({"externalReferences"} if equals else {"id"})
    if equals:
        assert found["externalReferences"] == {name: value}


@given(st.lists(st.text() | likely, max_size=4))
def test_any_levels_are_levels_or_refused(texts: list[str]) -> None:
    try:
        found = body_options.levels(texts) or []
    except typer.BadParameter:
        assert any("=" not in text for text in texts)
    else:
        assert len(found) == len(texts)
        assert all("=" in text for text in texts)


@given(st.text() | likely)
def test_any_ids_and_any_day_are_found_or_refused(text: str) -> None:
    with contextlib.suppress(typer.BadParameter):
        assert all(type(number) is int for number in record_list._ids("--person", text))
    with contextlib.suppress(typer.BadParameter):
        assert record_list._day("--from", text) == date.fromisoformat(text)


@given(st.text() | st.text().map(json.dumps) | st.integers(0, 5000).map(lambda depth: "[" * depth))
def test_any_body_is_json_or_refused(text: str) -> None:
    with contextlib.suppress(CommandFailed):
        found: Any = body_options._decoded(text)
        assert msgspec.json.decode(text.removeprefix("\ufeff")) == found
