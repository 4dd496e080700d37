"""`${NAME}` and what looks like it: expanded, or a mistake with its path; never half of it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from workers.config.environment import expand

ENVIRON = {"A": "value-of-a", "EMPTY": "", "NESTED": "${A}"}

pieces = st.sampled_from(
    [
        "$",
        "$$",
        "{",
        "}",
        "${",
        "${A}",
        "${EMPTY:-d}",
        "${B:-}",
        "${B:-${A}}",
        "${NESTED}",
        "${b c}",
        "${}",
        ":-",
        "x",
    ]
)
texts = st.lists(pieces, max_size=6).map("".join) | st.text(max_size=12)


@given(texts)
def test_any_text_is_expanded_or_a_mistake_with_its_path(text: str) -> None:
    found = expand({"key": [text]}, ENVIRON)
    assert isinstance(found.data["key"][0], str)
    assert all(path == ("key", 0) and words for path, words in found.problems)
    assert bool(found.problems) == (("key", 0) in found.failed)
    wrong = any(
        not re.match(r"\$\{[A-Za-z_]", rest)
        for rest in re.findall(r"\$\{.*", text.replace("$$", ""), re.DOTALL)
    )
    assert found.problems or not wrong


@given(texts)
def test_a_text_written_with_two_dollars_comes_out_as_it_was(text: str) -> None:
    assert expand(text.replace("$", "$$"), ENVIRON).data == text


@given(st.text(max_size=20))
def test_a_value_of_the_environment_is_not_looked_into(value: str) -> None:
    found = expand("<${A}>", {"A": value})
    assert (found.data, found.problems, found.from_environment) == (f"<{value}>", [], {()})
