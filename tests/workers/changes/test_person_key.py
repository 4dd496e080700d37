from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.rule("10-people-key")
def test_a_person_with_another_number_or_badge_is_the_same_person(render: Any, assignment: Any) -> None:
    def told(number: str) -> dict[str, Any]:
        return {"id": 1, "externalReferences": {"@employee-number": number}}

    event = render("assignments", assignment(person=told("5002")), assignment(person=told("5001")))
    assert "reassigned" not in event["data"]["meaning"]
    assert event["data"]["person"]["id"] == 1
