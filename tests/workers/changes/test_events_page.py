"""docs/events.md says what the code does: its tables and lists are compared with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from workers.changes import PEOPLE_FIELDS, schema
from workers.changes.catalog import COLLECTIONS
from workers.changes.envelope import CloudEvent, Data
from workers.changes.meaning import meanings
from workers.changes.people import NAMEABLE, NEVER
from workers.changes.vocabularies import VOCABULARIES

PAGE = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text under a heading, up to the next one."""
    return re.split(r"^#+ ", PAGE.split(f"\n{heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \| \S.*\|$", text, re.MULTILINE)


@pytest.mark.parametrize("collection", sorted(VOCABULARIES))
def test_the_words_of_a_collection_are_those_of_the_code(collection: str) -> None:
    assert tuple(rows(section(f"### `{collection}`"))) == meanings(collection)


def test_all_other_collections_are_named_with_the_generic_words() -> None:
    text = section("### All others")
    assert re.findall(r"`([a-z-]+)`[,:]", text) == sorted(set(COLLECTIONS) - set(VOCABULARIES))
    assert tuple(rows(text)) == meanings("breaks") == ("created", "updated", "deleted")


def test_the_attributes_of_the_event_are_those_of_the_code() -> None:
    attributes, data = PAGE.split("| in `data` | |")
    assert rows(attributes) == list(CloudEvent.__struct_fields__)
    assert rows(data.split("\n\n")[0]) == list(Data.__struct_fields__)


def test_the_example_is_an_event() -> None:
    example: dict[str, Any] = json.loads(PAGE.split("```json\n")[1].split("```")[0])
    Draft202012Validator(schema("absence.v1.json")).validate(example)


def test_the_fields_of_people_are_those_of_the_code() -> None:
    lists = [
        re.findall(r"`(\w+)`", part)
        for part in section("## Personal data").split("\n\n")
        if re.fullmatch(r"(`\w+`,?\s*)+", part)
    ]
    assert lists == [sorted(PEOPLE_FIELDS), sorted(NAMEABLE), sorted(NEVER)]
