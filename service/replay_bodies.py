"""The bodies of `POST /admin/replay` and `POST /admin/replay/cancel`: read, and checked for their form. Pure.

Their names are those of the command line, with `_` for `-`. Nothing is guessed: an unknown name may be a condition that was
misspelt, and an empty list or `null` a condition that was lost on its way. Each would replay more than was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from service.bodies import Refused
from workers.config import Config
from workers.config.mistakes import line, suggestion
from workers.replay.request import BadReplayRequest, ReplayOrder, ReplayRequest, checked

#: Of several mistakes so many are named.
_MOST_NAMED = 10


@dataclass(frozen=True)
class Kind:
    """What a value must be: `schema` in JSON Schema's words, `wrong` in those of an answer."""

    fits: Callable[[Any], bool]
    wrong: str
    schema: Mapping[str, Any]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _are_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and bool(value) and all(map(_is_text, value)))


_A_TEXT = {"type": "string", "minLength": 1}
_TEXT = Kind(_is_text, "must be a text that is not empty.", _A_TEXT)
_TEXTS = Kind(
    _are_texts,
    "must be a text, or a list of them, that is not empty. Leave it out where any will do.",
    {"oneOf": [_A_TEXT, {"type": "array", "items": _A_TEXT, "minItems": 1}]},
)
_SWITCH = Kind(
    lambda value: isinstance(value, bool),
    "must be true or false, without quotes.",
    {"type": "boolean", "default": False},
)

Form = Mapping[str, tuple[Kind, str]]
"""Name → what its value must be, and what it is about."""

SINK = (_TEXT, "The sink that gets the events.")
ORDER: Form = {
    "sink": SINK,
    "since": (_TEXT, "Events learned at or after this time: ISO 8601, without an offset the tenant's."),
    "until": (_TEXT, "Events learned before this time."),
    "type": (_TEXTS, "Only of this type."),
    "tenant": (_TEXTS, "Only of this tenant."),
    "collection": (_TEXTS, "Only of this collection."),
    "subject": (_TEXT, "Only of this record, such as assignments/757085."),
    "force": (_SWITCH, "Also where the sink got a newer version that is not told again."),
    "confirm": (_SWITCH, "Do it; without, it is counted only."),
}
CANCEL: Form = {"sink": SINK, "id": (_TEXT, "The replay, as it was answered when it was ordered.")}
REQUIRED: Mapping[str, list[str]] = {"order": ["sink"], "cancel": ["sink", "id"]}


def order(body: bytes, config: Config) -> tuple[ReplayOrder, bool]:
    """What is to be replayed, and whether it was confirmed. Raises `Refused` (400, 422)."""
    found = _formed(body, ORDER, REQUIRED["order"])
    confirmed = found.pop("confirm", False)
    found |= {name: [value] for name, value in found.items() if ORDER[name][0] is _TEXTS and _is_text(value)}
    try:
        return checked(config, ReplayRequest(**found)), confirmed
    except BadReplayRequest as error:
        raise _refused([line((name,), text) for name, text in error.problems]) from None


def cancel(body: bytes) -> tuple[str, str]:
    """Sink and id. Raises `Refused` (400, 422)."""
    found = _formed(body, CANCEL, REQUIRED["cancel"])
    return found["sink"], found["id"]


def _formed(body: bytes, form: Form, required: list[str]) -> dict[str, Any]:
    found = _object(body)
    problems = [line((name,), f"is missing. {form[name][1]}") for name in required if name not in found]
    for name, value in found.items():
        if len(problems) > _MOST_NAMED:
            break  # to look for what was meant takes time
        if name not in form:
            text = f"unknown key. {suggestion(name[:60], form, label='Known here')}"
            problems.append(line((name,), text))
        elif not form[name][0].fits(value):
            problems.append(line((name,), form[name][0].wrong))
    if problems:
        raise _refused(problems)
    return found


def _refused(problems: list[str]) -> Refused:
    more = ["and more"] if len(problems) > _MOST_NAMED else []
    return Refused(422, "\n".join([*problems[:_MOST_NAMED], *more]))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body.decode())
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise Refused(400, "the body's JSON is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise Refused(
            400, f'the body is not JSON ({error}): send an object such as {{"sink": "…"}}'
        ) from None
    if not isinstance(found, dict):
        raise Refused(400, 'the body must be a JSON object, such as {"sink": "…"}')
    return found
