from __future__ import annotations

import signal
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.service.cli.commands import running
from tests.service.cli.past import FIRST, Installation
from workers.replay.times import NotATime, moment

BRUSSELS, NEW_YORK = ZoneInfo("Europe/Brussels"), ZoneInfo("America/New_York")
CREATED = "eu.myprotime.assignment.created.v1"


def test_without_confirm_it_only_counts(installation: Installation) -> None:
    counted = installation.shiftwire("replay", "--sink", "archive", "--json").json()
    assert (counted["confirmed"], counted["events"], counted["overtaken"]) == (False, 4, 0)
    assert counted["by_type"][CREATED] == 2
    assert installation.shiftwire("replay", "--sink", "archive", "--status").code == 1


def test_people_read_what_would_be_delivered_and_what_it_takes(installation: Installation) -> None:
    said = installation.shiftwire("replay", "--sink", "archive", "--collection", "assignments").out
    assert f"2  {CREATED}" in said
    assert "3  would be delivered, learned from" in said
    assert said.endswith("Nothing was delivered: that takes --confirm.\n")


def test_the_filter_of_the_sink_and_newer_versions_are_counted(installation: Installation) -> None:
    counted = installation.shiftwire("replay", "--sink", "picky", "--json").json()
    assert (counted["events"], counted["filtered"]) == (1, 3)
    counted = installation.shiftwire("replay", "--sink", "archive", "--type", CREATED, "--json").json()
    assert (counted["events"], counted["overtaken"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--sink"),
        (("--sink", "nowhere"), "there is no nowhere. Known: archive, picky."),
        (("--sink", "archive", "--tenant", "globex"), "there is no globex. Known: acme."),
        (
            ("--sink", "archive", "--collection", "people"),
            "there is no people. Known: assignments, clockings.",
        ),
        (("--sink", "archive", "--type", CREATED.replace("created", "creatd")), f'Did you mean "{CREATED}"?'),
        (("--sink", "archive", "--since", "yesterday"), "is not a time such as"),
        (("--sink", "archiv"), 'there is no archiv. Did you mean "archive"?'),
        (("--sink", "archive", "--since", "2026-03-09", "--until", "2026-03-09"), "the range is empty"),
    ],
)
def test_a_mistake_is_one_of_usage(
    installation: Installation, arguments: tuple[str, ...], words: str
) -> None:
    answer = installation.shiftwire("replay", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in " ".join(answer.err.split())


def test_one_replay_at_a_time_and_it_can_be_cancelled(own_installation: Installation) -> None:
    shiftwire = own_installation.shiftwire
    ordered = shiftwire("replay", "--sink", "archive", "--confirm", "--no-wait", "--json").json()
    assert (ordered["state"], ordered["total"], ordered["looked_at"]) == ("running", 4, 0)
    second = shiftwire("replay", "--sink", "archive", "--confirm", "--subject", FIRST)
    assert (second.code, second.out) == (1, "")
    assert f"--cancel {ordered['id']}" in second.err
    assert shiftwire("replay", "--sink", "archive", "--status", "--json").json() == ordered
    assert shiftwire("replay", "--sink", "archive", "--cancel", ordered["id"]).code == 0
    assert shiftwire("replay", "--sink", "archive", "--cancel", ordered["id"]).code == 1
    assert (
        f"replay {ordered['id']} to archive: cancelled"
        in shiftwire("replay", "--sink", "archive", "--status").out
    )
    one = shiftwire(
        "replay", "--sink", "archive", "--confirm", "--no-wait", "--subject", FIRST, "--json"
    ).json()
    assert one["total"] <= 3


def test_waiting_tells_of_the_order_at_once_and_of_workers_that_are_away_and_ctrl_c_of_what_goes_on(
    own_installation: Installation,
) -> None:
    arguments = ("replay", "--sink", "archive", "--confirm", "--config", str(own_installation.config))
    with running(*arguments) as process:
        assert process.stderr
        assert process.stdout
        ordered = process.stderr.readline()
        assert ordered.endswith("to archive is ordered: 4 events of the log to look at\n")
        assert process.stderr.readline().startswith("No worker takes it so far.")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert "running" in process.stdout.readline()
        assert process.stderr.read().startswith("It goes on in the workers: ")


def test_a_time_without_an_offset_is_the_tenants() -> None:
    at = datetime(2026, 3, 9, 14, tzinfo=BRUSSELS).timestamp() * 1000
    assert moment("2026-03-09T14:00", {BRUSSELS}) == at
    assert moment("2026-03-09T14:00+01:00", {NEW_YORK}) == at
    assert moment("2026-03-09T13:00:00Z", {BRUSSELS, NEW_YORK}) == at
    assert moment("2026-03-09", {BRUSSELS}) == at - 14 * 3_600_000
    with pytest.raises(NotATime, match="say the offset"):
        moment("2026-03-09", {BRUSSELS, NEW_YORK})
