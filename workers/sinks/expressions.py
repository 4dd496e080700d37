"""Conditions that no other key of a filter can say: JMESPath over the event (docs/adr/0007)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from pydantic import AfterValidator, Field

from workers.events import Event

_LONGEST = 2000


def _checked(text: str) -> str:
    try:
        unknown = sorted(set(_functions(compiled(text).parsed)) - set(Functions.FUNCTION_TABLE))
    except JMESPathError as error:
        words = " ".join(str(error).split())[:200]
        raise ValueError(f"is not a JMESPath expression: {words}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if unknown:
        known = ", ".join(sorted(Functions.FUNCTION_TABLE))
        raise ValueError(f"calls {unknown[0]}, which JMESPath does not have. It has: {known}")
    return text


def _functions(node: dict[str, Any]) -> Iterator[str]:
    """The names of all functions that a parsed expression calls."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _functions(child)


@lru_cache(maxsize=256)
def compiled(text: str) -> Any:
    """Raises JMESPathError."""
    return jmespath.compile(text)


def holds(text: str, event: Event) -> bool:
    """Whether the expression is true of the event, as JMESPath has it: false, null and empty values are not.

    One that fails on an event (a function got a value of another type) holds: nothing is lost by a mistake in a filter.
    """
    try:
        return _true(compiled(text).search(event.as_dict()))
    except Exception:  # noqa: BLE001 JMESPath lets errors of Python through: mixed types, what nests too deeply
        return True


def _true(found: Any) -> bool:
    return found is not None and found is not False and found not in ("", [], {})


Expression = Annotated[
    str,
    Field(
        min_length=1,
        max_length=_LONGEST,
        description="JMESPath over the event, such as data.resource.comments",
    ),
    AfterValidator(_checked),
]
