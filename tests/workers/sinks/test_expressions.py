"""A filter's expression on events that its author did not think of: it holds, and never raises."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jmespath.functions import Functions
from pydantic import TypeAdapter, ValidationError

from tests.workers.test_hostile_events import values
from workers.events import Event
from workers.sinks.expressions import Expression, holds

CHECK = TypeAdapter(Expression)
DEEP = "[" * 5000 + "]" * 5000
names = st.sampled_from(["data", "data.a", "data.b[*]", "@", "data.a[0]", "`1`", "'x'", "data.*"])
calls = st.builds(
    lambda function, values: f"{function}({', '.join(values)})",
    st.sampled_from(sorted(Functions.FUNCTION_TABLE)),
    st.lists(names | names.map(lambda name: f"&{name}"), max_size=3),
)
compared = st.builds("{} {} {}".format, calls | names, st.sampled_from(["<", "==", "||", "|"]), calls | names)
expressions = calls | compared | st.text(max_size=40)


def _event(data: object) -> Event:
    return Event(msgspec.json.encode({"data": data}))


@given(expressions, st.fixed_dictionaries({"a": values, "b": values}))
@example("sort_by(data.b, &a)", {"a": 1, "b": [{"a": 1}, {"a": None}]})
@example("max_by(data.b, &a)", {"a": 1, "b": [{"a": "x"}, {"a": 1}]})
@example("ceil(data.a)", {"a": 1e400, "b": []})
def test_an_expression_never_raises_on_an_event(text: str, data: dict[str, object]) -> None:
    with contextlib.suppress(ValidationError):
        assert holds(CHECK.validate_python(text), _event(data)) in (True, False)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("sort_by(data.b, &a)[0].a == `5`", b'{"b": [{"a": 1}, {"a": null}]}'),
        ("contains(data.a, 'x')", b'{"a": 1}'),
        ("ceil(data.a) > `1`", b'{"a": "x"}'),
        ("contains(data.a, `1`)", b'{"a": "a text"}'),
        ("data.a == `1`", b'{"a": %s}' % DEEP.encode()),
    ],
)
def test_an_expression_that_fails_on_an_event_holds(text: str, data: bytes) -> None:
    assert holds(CHECK.validate_python(text), Event(b'{"data": %s}' % data))


@pytest.mark.parametrize("text", ["(" * 900 + "a" + ")" * 900, "!" * 1500 + "a", "|".join("a" * 999)])
def test_an_expression_that_nests_too_deeply_is_a_mistake_in_the_configuration(text: str) -> None:
    with pytest.raises(ValidationError, match="nested too deeply"):
        CHECK.validate_python(text)
