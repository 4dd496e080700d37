"""CloudEvents attributes as text, for the headers beside a structured event: to route and to tell, without parsing."""

from __future__ import annotations

from typing import Final

from workers.events import EventHead

CONTENT_TYPE: Final = "application/cloudevents+json"

_NAMES: Final = (
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "sequence",
    "partitionkey",
    "origin",
)


def attributes(head: EventHead, prefix: str = "") -> dict[str, str]:
    """`datacontenttype` is left out: beside the content type of the whole it would only mislead."""
    found = {f"{prefix}{name}": str(getattr(head, name)) for name in _NAMES}
    collapsed = {} if head.collapsed is None else {f"{prefix}collapsed": str(head.collapsed)}
    return found | collapsed | ({f"{prefix}ownwrite": "true"} if head.ownwrite else {})
