"""What a notification says: Jinja2 templates in a sandbox, over events with the words people need put beside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from workers.events import Event

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

#: What a template for one event may name; one for several has the events and how many they are.
OF_ONE: Final = frozenset({"event", "data", "record", "person", "what", "when", "edits", "line"})
OF_SEVERAL: Final = frozenset({"events", "count"})


class TemplateFailed(Exception):
    """A template that says nothing of these events, or cannot be worked out for them."""


def compiled(text: str, names: frozenset[str]) -> Template:
    """Raises ValueError when the text is no template, or names what no event has."""
    from jinja2 import TemplateSyntaxError, meta  # noqa: PLC0415 an extra

    sandbox = _sandbox()
    try:
        unknown = meta.find_undeclared_variables(sandbox.parse(text)) - names - set(sandbox.globals)
        template = sandbox.from_string(text)
    except TemplateSyntaxError as error:
        raise ValueError(f"is not a template: line {error.lineno}: {error.message}") from None
    if unknown:
        raise ValueError(f"knows no {', '.join(sorted(unknown))}; there is {', '.join(sorted(names))}")
    return template


def rendered(template: Template, values: Mapping[str, Any]) -> str:
    """Raises TemplateFailed."""
    try:
        text = template.render(values).strip()
    except Exception as error:  # noqa: BLE001 whatever a template does wrong is its own fault
        raise TemplateFailed(f"{type(error).__name__}: {error}") from None
    if not text:
        raise TemplateFailed("it gives no text")
    return text


def of_several(events: Sequence[Event]) -> dict[str, Any]:
    return {"events": [of_one(event) for event in events], "count": len(events)}


def of_one(event: Event) -> dict[str, Any]:
    """`line` is the sentence of the default templates; times are those of the event, on the tenant's clocks."""
    whole = event.as_dict()
    data = whole["data"]
    told: dict[str, Any] = {
        "event": whole,
        "data": data,
        "record": f"{_kind(whole['type'])} {data['id']}",
        "person": _person(data.get("person")),
        "what": _what(data.get("meaning") or data["change"]),
        "when": _when(data),
        "edits": whole.get("collapsed", 1),
    }
    return {**told, "line": _line(told)}


# A sink's `shape` may have put a text in the place of what stood there.


def _person(person: Any) -> Any:
    return person.get("id") if isinstance(person, dict) else person


def _what(words: Any) -> str:
    said = [words] if isinstance(words, str) else words
    return ", ".join(word.replace("_", " ") for word in said)


def _line(told: Mapping[str, Any]) -> str:
    whose = f" of person {told['person']}" if told["person"] is not None else ""
    when = f", {told['when']}" if told["when"] else ""
    edits = f" ({told['edits']} changes)" if told["edits"] > 1 else ""
    record: str = told["record"]
    return f"{record[:1].upper()}{record[1:]}{whose}: {told['what']}{when}{edits}"


def _kind(event_type: str) -> str:
    """`eu.myprotime.absence-definition.updated.v1` → `absence definition`."""
    return event_type.split(".")[2].replace("-", " ")


def _when(data: Mapping[str, Any]) -> str:
    start, end = data.get("start"), data.get("end")
    if not start:
        return _day(data)
    first: str = start[:16].replace("T", " ")
    if not end:
        return first
    last: str = end[11:16] if end[:10] == start[:10] else end[:16].replace("T", " ")
    return f"{first} to {last}"


def _day(data: Mapping[str, Any]) -> str:
    """A whole day has no times."""
    record = data.get("resource") or data.get("previous")
    day = (record.get("from") or record.get("date")) if isinstance(record, dict) else None
    return day[:10] if isinstance(day, str) else ""


def _sandbox() -> SandboxedEnvironment:
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 an extra

    # Messages are plain text: what a service needs escaped, Apprise escapes.
    return ImmutableSandboxedEnvironment(autoescape=False, trim_blocks=True, lstrip_blocks=True)
