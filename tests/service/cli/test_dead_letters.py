from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from jsonschema import validate

from tests.service.cli import shapes
from tests.service.cli.commands import at_once
from tests.service.cli.past import CLOCKING, Installation


def letters(installation: Installation, *arguments: str) -> dict[str | None, dict[str, Any]]:
    found = installation.shiftwire("dead-letters", "list", "--json", *arguments).json()
    return {letter["sink"]: letter for letter in found}


def test_list_json_names_sink_reason_and_event(installation: Installation) -> None:
    found = letters(installation)
    validate(list(found.values()), shapes.array(shapes.DEAD_LETTER))
    assert set(found) == {"picky", None}
    assert found["picky"]["event"]["subject"] == CLOCKING
    assert found["picky"]["attempts"] == 1
    assert "422" in found["picky"]["last_error"]
    assert found[None]["event"] is None


def test_list_chooses_a_sink(installation: Installation) -> None:
    assert set(letters(installation, "--sink", "picky")) == {"picky"}
    assert letters(installation, "--sink", "archive") == {}
    assert installation.shiftwire("dead-letters", "list", "--sink", "archive").out == "no dead letters\n"


def test_list_for_people_breaks_no_line(installation: Installation) -> None:
    lines = installation.shiftwire("dead-letters", "list").out.splitlines()
    assert len(lines) == 4
    assert lines[0].split() == ["id", "sink", "resource", "reason", "attempts", "last", "error", "at"]


def test_show_has_the_raw_data_of_what_could_not_be_understood(installation: Installation) -> None:
    rejected = letters(installation)[None]
    shown = installation.shiftwire("dead-letters", "show", rejected["id"], "--json").json()
    assert shown == {**rejected, "raw": '{"id": "seven"}'}
    assert '{"id": "seven"}' in installation.shiftwire("dead-letters", "show", rejected["id"]).out


def test_retry_hands_a_letter_back_to_its_sink(own_installation: Installation) -> None:
    letter = letters(own_installation)["picky"]
    assert own_installation.shiftwire("dead-letters", "retry", letter["id"]).out == "1 handed back\n"
    rows = {row["sink"]: row for row in own_installation.shiftwire("ledger", "--json").json()}
    assert (rows["picky"]["dead_lettered"], rows["picky"]["in_flight"], rows["picky"]["balanced"]) == (
        0,
        1,
        True,
    )


def test_purge_forgets_and_keeps_counting(own_installation: Installation) -> None:
    letter = letters(own_installation)["picky"]
    before = own_installation.shiftwire("ledger", "--json").json()
    assert own_installation.shiftwire("dead-letters", "purge", letter["id"]).out == "1 purged\n"
    assert set(letters(own_installation)) == {None}
    assert own_installation.shiftwire("ledger", "--json").json() == before


@pytest.mark.parametrize(("verb", "says"), [("retry", "handed back"), ("purge", "purged")])
def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    installation: Installation, verb: str, says: str
) -> None:
    before = letters(installation)
    known = before["picky"]["id"]
    dry = installation.shiftwire("dead-letters", verb, "--dry-run", known, "acme.0.1-1")
    assert (dry.code, dry.out) == (1, f"1 would be {says}\n")
    assert "acme.0.1-1" in dry.err
    assert letters(installation) == before


def test_what_is_not_there_fails_with_its_id(installation: Installation) -> None:
    wrong = (("show", "acme.0.1-1"), ("retry", "nonsense"), ("purge", "acme.0.1-1"))
    answers = at_once([partial(installation.shiftwire, "dead-letters", *words) for words in wrong])
    for (_, unknown), answer in zip(wrong, answers, strict=True):
        assert answer.code == 1
        assert unknown in answer.err
        assert "Traceback" not in answer.err


def test_of_several_letters_those_that_stay_are_told_with_the_reason(own_installation: Installation) -> None:
    found = letters(own_installation)
    picky, both = found["picky"]["id"], [letter["id"] for letter in found.values()]
    config = own_installation.config.read_text()
    own_installation.config.write_text(config.replace("picky:", "pickier:"))
    for dry in (("--dry-run",), ("--force",)):
        answer = own_installation.shiftwire("dead-letters", "retry", *dry, *both)
        assert answer.code == 1
        assert answer.out == ("1 would be handed back\n" if "--dry-run" in dry else "1 handed back\n")
        assert (
            f'{picky} stays: its sink is not configured: there is no picky. Did you mean "pickier"?'
            in answer.err
        )
        assert "Traceback" not in answer.err


def test_a_sink_that_nothing_is_known_of_is_a_mistake_of_usage(installation: Installation) -> None:
    answer = installation.shiftwire("dead-letters", "list", "--sink", "pickey")
    assert (answer.code, answer.out) == (2, "")
    assert "there is no sink pickey; known: archive, picky" in answer.err
