"""Runs after the behaviour suite: what its page says is what was seen."""

from __future__ import annotations

import pytest

from tests.workers.sinks.outcomes import SEEN
from tests.workers.sinks.page import PAGE, page
from tests.workers.sinks.rigs import RIGS


def test_the_page_says_what_was_seen(request):
    seen = request.config.stash[SEEN]
    if {sink for _, sink in seen} != set(RIGS) or len(seen) < len(RIGS) * 10:
        pytest.skip("the behaviour suite did not run, or not as a whole")
    assert PAGE.read_text(encoding="utf-8") == page(seen), "run `make sinks-conformance`"
