from __future__ import annotations

import yaml

from tests.service.cli.commands import shiftwire
from tests.service.cli.past import Installation


def test_a_filter_is_tried_on_the_events_of_the_last_days(installation: Installation) -> None:
    found = installation.shiftwire("dry-run", "picky", "--json").json()
    assert (found["seen"], found["passed"]) == (4, 1)
    assert found["types"]["eu.myprotime.clocking.created.v1"] == {"seen": 1, "passed": 1}
    assert installation.shiftwire("dry-run", "archive", "--json").json()["passed"] == 4


def test_events_before_the_days_asked_for_do_not_count(installation: Installation) -> None:
    assert installation.shiftwire("dry-run", "archive", "--days", "0", "--json").json()["seen"] == 0


def test_a_changed_filter_is_tried_before_it_runs(installation: Installation) -> None:
    """And what was delivered stays as it is."""
    copy = installation.directory / "copy.yaml"
    changed = installation.configuration("https://example.com/in")
    changed["sinks"] = {"new": {"type": "console", "filter": {"expression": "data.change == 'deleted'"}}}
    copy.write_text(yaml.safe_dump(changed))
    before = installation.shiftwire("ledger", "--json").json()
    answer = shiftwire("dry-run", "new", "--json", "--config", str(copy))
    assert answer.json()["passed"] < answer.json()["seen"]
    assert installation.shiftwire("ledger", "--json").json() == before


def test_an_unknown_sink_is_a_usage_error_that_names_the_known_ones(installation: Installation) -> None:
    answer = installation.shiftwire("dry-run", "archiv")
    assert answer.code == 2
    assert "archive, picky" in answer.err


def test_people_get_a_table_and_a_sum(installation: Installation) -> None:
    lines = installation.shiftwire("dry-run", "picky").out.splitlines()
    assert lines[-1] == "picky: 1 of 4 events of the last 7 days would have been let through"
