from __future__ import annotations

from typing import Any

import pytest

from workers.protime import ReferenceRefused
from workers.protime.external_references import specification

PAIR = "(people,@employee-number)"
TWO = "(people,@employee-number)(activity-definitions,@data-entry-code)"


@pytest.mark.rule("3.7-pairs", "10-custom")
@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (None, ""),
        ({}, ""),
        ([], ""),
        ({"people": "@employee-number"}, PAIR),
        ([("people", "@employee-number")], PAIR),
        ([("people", "@employee-number"), ("people", "@employee-number")], PAIR),
        (PAIR, PAIR),
        (
            {"people": ["@badge-number", "@employee-number"]},
            "(people,@badge-number)(people,@employee-number)",
        ),
        ({"people": "@employee-number", "activity-definitions": "@data-entry-code"}, TWO),
        ({"people": "SapNumber"}, "(people,SapNumber)"),
    ],
)
def test_pairs_are_written_one_after_another(references: Any, expected: str) -> None:
    assert specification("assignments", references) == expected


@pytest.mark.rule("3.7-invalid", "10-predefined", "10-accepted")
@pytest.mark.parametrize(
    ("collection", "references", "why"),
    [
        ("assignments", {"terminals": "@external-code"}, "takes references to activity-definitions, people"),
        ("assignments", {"webhooks": "x"}, "has no external references"),
        ("assignments", {"people": "@employee-nr"}, r"not predefined for people \(predefined: @badge-number"),
        ("absence-definitions", {"absence-groups": "@code"}, "predefined: none"),
        ("assignments", {"people": "a,b)(c"}, "not a reference name"),
        ("assignments", {"people": ""}, "not a reference name"),
    ],
)
def test_what_protime_refuses_is_refused_before_it_is_sent(
    collection: str, references: Any, why: str
) -> None:
    with pytest.raises(ReferenceRefused, match=why):
        specification(collection, references)


@pytest.mark.rule("6.4-none", "9.5-no-references")
@pytest.mark.parametrize("collection", ["shift-definitions", "break-definitions", "counter-groups"])
def test_some_collections_have_references_in_lists_but_not_in_events(collection: str) -> None:
    references = (
        {collection: "Custom"} if collection != "break-definitions" else {"shift-definitions": "@shift-code"}
    )
    assert specification(collection, references)
    with pytest.raises(ReferenceRefused, match="carry no external references"):
        specification(collection, references, events=True)
