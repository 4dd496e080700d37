from __future__ import annotations

import json
import select
import signal
import subprocess

import pytest
import yaml
from jsonschema import validate

from tests.service.cli import shapes
from tests.service.cli.commands import command, environment, running, shiftwire
from tests.service.cli.past import FIRST, SECOND, Installation, assignment


def test_list_tells_the_newest_events_oldest_first_a_line_each(installation: Installation) -> None:
    lines = installation.shiftwire("events", "list").out.splitlines()
    assert [line.split()[2:4] for line in lines] == [
        [FIRST, "created"],
        [SECOND, "created"],
        [FIRST, "updated"],
        ["clockings/9", "created"],
    ]
    assert "\x1b" not in "".join(lines)


def test_people_read_times_in_the_zone_of_the_tenant(installation: Installation) -> None:
    event = installation.shiftwire("events", "list", "--limit", "1", "--json").json()[0]
    told = installation.shiftwire("events", "list", "--limit", "1").out
    utc, local = event["time"][11:13], told[:2]
    assert (int(utc) - int(local)) % 24 in {4, 5}  # New York


def test_list_json_is_an_array_of_events(installation: Installation) -> None:
    events = installation.shiftwire("events", "list", "--json").json()
    validate(events, shapes.EVENTS)
    assert [event["subject"] for event in events] == [FIRST, SECOND, FIRST, "clockings/9"]


def test_list_chooses_by_collection_and_number(installation: Installation) -> None:
    chosen = installation.shiftwire(
        "events", "list", "--collection", "assignments", "--limit", "2", "--json"
    ).json()
    assert [(e["subject"], e["sequence"]) for e in chosen] == [(SECOND, "0002"), (FIRST, "0003")]


@pytest.mark.parametrize("how", ["list", "tail"])
def test_a_collection_that_nothing_is_known_of_is_a_mistake_of_usage(
    how: str, installation: Installation
) -> None:
    answer = installation.shiftwire("events", how, "--collection", "asignments")
    assert (answer.code, answer.out) == (2, "")
    assert "there is no collection asignments; known: assignments, clockings" in answer.err


def test_a_collection_that_the_log_alone_still_knows_is_listed(own_installation: Installation) -> None:
    config = yaml.safe_load(own_installation.config.read_text())
    del config["tenants"]["acme"]["collections"]["clockings"]
    own_installation.config.write_text(yaml.safe_dump(config))
    found = own_installation.shiftwire("events", "list", "--collection", "clockings", "--json").json()
    assert [event["subject"] for event in found] == ["clockings/9"]


def test_a_tenant_that_is_not_configured_is_a_mistake_of_usage(installation: Installation) -> None:
    answer = installation.shiftwire("events", "list", "--tenant", "globex")
    assert (answer.code, answer.out) == (2, "")
    assert "there is no tenant globex; known: acme" in answer.err


def test_show_json_is_the_whole_life_of_an_event(installation: Installation) -> None:
    life = installation.shiftwire("events", "show", f"acme/{FIRST}/0003", "--json").json()
    validate(life, shapes.LIFE)
    assert life["event"]["data"]["meaning"] == ["rescheduled", "shortened"]
    assert life["event"]["data"]["resource"]["comments"] == "Café"
    assert {(d["sink"], d["outcome"]) for d in life["deliveries"]} == {
        ("archive", "delivered"),
        ("picky", "filtered"),
    }


def test_show_tells_people_what_happened_when(installation: Installation) -> None:
    told = installation.shiftwire("events", "show", f"acme/{FIRST}/0003").out
    steps = [step for step in told.splitlines() if step[:1].isalpha()]
    assert [step.split()[0] for step in steps] == ["received", "decided", "delivered", "filtered"]
    assert all(" EST " in step or " EDT " in step for step in steps)


def test_show_of_an_unknown_event_fails_with_words(installation: Installation) -> None:
    for unknown in (f"acme/{FIRST}/9999", "globex/assignments/1/1", "nonsense"):
        answer = installation.shiftwire("events", "show", unknown)
        assert (answer.code, answer.out) == (1, "")
        assert unknown in answer.err
        assert "Traceback" not in answer.err


def test_tail_tells_what_comes_until_it_is_interrupted(own_installation: Installation) -> None:
    with running("events", "tail", "--json", "--config", str(own_installation.config)) as process:
        assert process.stdout
        assert process.stderr
        version = 10
        while not select.select([process.stdout], [], [], 0.3)[0]:  # until it is ready to see what comes
            version += 1
            own_installation.change(assignment(SECOND, f"{version:04}", comments=f"change {version}"))
        event = json.loads(process.stdout.readline())
        assert event["subject"] == SECOND
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_a_reader_that_has_had_enough_is_no_failure(installation: Installation) -> None:
    config = ("--config", str(installation.config))
    for arguments in (
        ("schema", "events"),
        ("events", "list", "--json", *config),
        ("events", "list", *config),
    ):
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command(*arguments), stdout=pipe, stderr=pipe, text=True, env=environment()
        )
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(20) == 0


def test_output_that_knows_ascii_alone_still_gets_valid_json(installation: Installation) -> None:
    arguments = ("events", "list", "--json", "--config", str(installation.config))
    answer = shiftwire(*arguments, env={"PYTHONIOENCODING": "ascii"})
    assert answer.json()[0]["data"]["resource"]["comments"] == "Café"
    assert answer.out.isascii()
