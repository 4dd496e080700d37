from __future__ import annotations

import asyncio
import io
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console

from tests.workers.sinks.rigs import ConsoleRig
from workers.events import Event
from workers.sinks.console import ConsoleOptions, ConsoleSink, line

BRUSSELS = ZoneInfo("Europe/Brussels")


def text(event):
    return line(event.head, BRUSSELS).plain


def test_a_line_says_when_who_what_and_how_short(make_event):
    assert text(make_event()) == (
        "15:03:11  acme  assignments/757085  updated  rescheduled, break_changed  "
        "Tue 10 Mar 09:00-18:00  short notice 18h 56min"
    )


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("2026-03-10T22:00:00+01:00", "2026-03-11T06:00:00+01:00", "Tue 10 Mar 22:00 - Wed 11 Mar 06:00"),
        ("2026-03-10T22:00:00+01:00", None, "Tue 10 Mar 22:00"),
        (None, "2026-03-11T06:00:00+01:00", "Wed 11 Mar 06:00"),
        (None, None, "break_changed  short"),
        ("whenever", None, "break_changed  short"),
    ],
)
def test_the_work_is_shown_by_the_tenants_clock(make_event, start, end, shown):
    assert shown in text(make_event(start=start, end=end))


@pytest.mark.parametrize(
    ("minutes", "short", "shown"),
    [
        (0, True, "short notice 0min"),
        (-90, True, "began 1h 30min ago"),
        (10 * 1440 + 5, False, "updated  notice 10d 5min"),
    ],
)
def test_notice_is_told_in_days_hours_and_minutes(make_event, minutes, short, shown):
    event = make_event(meaning=[], start=None, end=None, notice={"minutes": minutes, "short": short})
    assert text(event).endswith(shown)


def test_what_is_not_known_leaves_no_gap(make_event):
    event = make_event(meaning=[], start=None, end=None, notice=None, person=None)
    assert text(event) == "15:03:11  acme  assignments/757085  updated"


def test_control_characters_do_not_reach_the_terminal(make_event):
    assert "\x1b" not in text(make_event(meaning=["\x1b]0;owned\x07"]))


async def printed(events, **options):
    file = io.TextIOWrapper(io.BytesIO(), encoding=options.pop("encoding", "utf-8"))
    console = Console(file=file, width=40, **options)
    sink = ConsoleSink("people", ConsoleOptions(type="console"), console=console, zone=BRUSSELS)
    assert await sink.deliver(events) == {}
    return file.buffer.getvalue().decode()


async def test_an_event_is_one_line_however_narrow_the_terminal(make_event):
    assert (await printed([make_event(1), make_event(2)])).count("\n") == 2


async def test_brackets_are_text_and_not_markup(make_event):
    assert "[red]x[/red] :smile:" in await printed([make_event(meaning=["[red]x[/red] :smile:"])])


async def test_a_terminal_gets_colors(make_event):
    assert "\x1b[33mupdated\x1b[0m" in await printed(
        [make_event()], force_terminal=True, color_system="standard"
    )


async def test_a_terminal_that_knows_few_characters_is_served_too(make_event):
    assert "d\\xe9j\\xe0" in await printed([make_event(meaning=["déjà"])], encoding="ascii")


async def test_fields_of_a_later_release_do_not_disturb(make_event):
    later = make_event().as_dict() | {"traceparent": "00-1"}
    later["data"] |= {"color": "red", "change": "archived", "person": {"id": 1, "name": "Joe"}}
    assert "archived" in await printed([Event(msgspec.json.encode(later))])


async def test_while_the_terminal_is_halted_at_most_one_delivery_waits_for_it(tmp_path, make_event):
    rig = ConsoleRig(tmp_path)
    sink = rig.sink(timeout_seconds=0.05)
    with rig.stalled():
        for number in range(3):
            assert (await sink.deliver([make_event(number)]))[0].scope == "sink"
        await asyncio.sleep(0.05)
    assert await sink.deliver([make_event(7)]) == {}
    assert rig.subjects() == ["assignments/0", "assignments/7"]
    rig.close()


async def test_standard_output_is_the_default(make_event, capsys):
    assert await ConsoleSink("people", ConsoleOptions(type="console")).deliver([make_event(1)]) == {}
    assert "assignments/1" in capsys.readouterr().out
