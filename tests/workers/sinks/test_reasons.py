from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.sinks.reasons import LIMIT, readable


def test_a_reason_is_one_printable_line():
    assert readable(" a\r\n\tb\x1b[31m\x00c ") == "a b [31m c"


def test_a_secret_is_hidden_wherever_it_stands():
    assert readable("key=abcdef, again abcdef", hide=["abcdef"]) == "key=***, again ***"


def test_a_secret_that_holds_another_is_hidden_as_a_whole():
    assert readable("Bearer abcdef", hide=["abcdef", "Bearer abcdef"]) == "***"


def test_a_secret_at_the_cut_is_hidden_before_cutting():
    assert "s3cret" not in readable("x" * (LIMIT - 8) + "s3cretvalue", hide=["s3cretvalue"])


@given(text=st.text(max_size=2000))
def test_any_text_becomes_short_and_printable(text):
    assert len(readable(text)) <= LIMIT
    assert all(c.isprintable() for c in readable(text))
