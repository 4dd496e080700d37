"""Bodies that a search by coverage has found worth keeping, and some that were thought of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.notification import is_answered

INPUTS = sorted((Path(__file__).parent / "inputs").iterdir())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_a_body_that_was_found_is_changes_or_refused(path: Path) -> None:
    is_answered(path.read_bytes())
