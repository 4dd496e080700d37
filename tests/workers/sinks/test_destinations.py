from __future__ import annotations

import pytest

from workers.sinks.attributes import attributes
from workers.sinks.destinations import PLACEHOLDERS, WITH_ID, example, filled


def test_placeholders_take_the_values_of_the_event(make_event):
    head = make_event(7).head
    assert filled("x.{tenant}.{collection}.{change}", head) == "x.acme.assignments.updated"
    assert filled("{type}/{id}", head) == "eu.myprotime.assignment.updated.v1/7"


def test_the_example_has_the_same_placeholders(make_event):
    for allowed in (PLACEHOLDERS, WITH_ID):
        template = ".".join(f"{{{name}}}" for name in allowed)
        assert example(template, allowed) == filled(template, make_event(757085).head)


@pytest.mark.parametrize(
    "wrong",
    ["", "{id}", "{}", "{0}", "{tenant", "tenant}", "{tenant!r}", "{tenant:>9}", "{tenant.x}", "{data[x]}"],
)
def test_anything_else_is_refused(wrong):
    with pytest.raises(ValueError, match=r"empty|brace|placeholder"):
        example(wrong, PLACEHOLDERS)


def test_attributes_are_text_and_the_mark_of_an_own_write_is_there_only_when_it_is_set(make_event):
    event = make_event(7)
    assert attributes(event.head, "ce-") == {
        "ce-specversion": "1.0",
        "ce-id": "acme/assignments/7/0001",
        "ce-source": "/protime/acme/assignments",
        "ce-type": "eu.myprotime.assignment.updated.v1",
        "ce-subject": "assignments/7",
        "ce-time": "2026-03-09T14:03:11.512Z",
        "ce-sequence": "0001",
        "ce-partitionkey": "assignments/7",
        "ce-origin": "webhook",
    }
    assert attributes(event.as_own_write().head)["ownwrite"] == "true"
