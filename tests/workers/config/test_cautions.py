"""What is allowed and better otherwise is said, and refuses nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workers.config import cautions

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_a_token_that_could_be_guessed_is_warned_of_and_not_shown(case, role):
    (found,) = cautions(case.set(f"admin_tokens.{role}", "fifteen-letters").config(), NOW)
    assert found.startswith(f"admin_tokens.{role}: can be guessed")
    assert "fifteen-letters" not in found
    assert cautions(case.set(f"admin_tokens.{role}", "sixteen-letters!").config(), NOW) == []


@pytest.mark.parametrize("secret", ["whsec_c2hvcnQ=", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "c2hvcnQ="]])
def test_a_signing_secret_that_is_shorter_than_the_standard_says_is_warned_of(case, secret):
    sink = {"type": "webhook", "url": "https://example.com/in", "secret": secret}
    (found,) = cautions(case.set("sinks", {"out": sink}).config(), NOW)
    assert found.startswith("sinks.out.secret: has less than the 24 bytes")
    assert "c2hvcnQ" not in found
