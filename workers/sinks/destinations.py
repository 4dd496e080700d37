"""Names of destinations (routing keys, subjects, topics) with placeholders: `shiftwire.{tenant}.{collection}`."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Final

from workers.events import EventHead

#: Placeholder → an example of what takes its place; no value has any other characters.
PLACEHOLDERS: Final[Mapping[str, str]] = {
    "tenant": "acme",
    "collection": "assignments",
    "change": "updated",
    "type": "eu.myprotime.assignment.updated.v1",
}
#: For destinations of which every resource may have its own.
WITH_ID: Final[Mapping[str, str]] = {**PLACEHOLDERS, "id": "757085"}


def filled(template: str, head: EventHead) -> str:
    data = head.data
    return template.format(
        tenant=data.tenant, collection=data.collection, change=data.change, type=head.type, id=data.id
    )


def example(template: str, allowed: Mapping[str, str]) -> str:
    """The template filled with examples. Raises `ValueError` when it is empty or has other placeholders."""
    if not template:
        raise ValueError("must not be empty")
    known = ", ".join(f"{{{name}}}" for name in allowed)
    try:
        fields = [(name, spec, way) for _, name, spec, way in Formatter().parse(template) if name is not None]
    except ValueError:
        raise ValueError(f"has a brace that is not part of a placeholder; known are {known}") from None
    if any(name not in allowed or spec or way for name, spec, way in fields):
        raise ValueError(f"has a placeholder that is not known; known are {known}")
    return template.format(**allowed)
