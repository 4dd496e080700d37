"""Files become bodies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workers.imports.cells import minutes
from workers.imports.columns import BadColumns
from workers.imports.rows import Row, Unreadable, read
from workers.protime import ASSIGNMENT, CLOCKING, Body

GUID = "a7d853ea-89eb-4735-83d1-b891c6fde398"


def rows(folder: Path, text: str | bytes, body: Body = CLOCKING) -> list[Row]:
    path = folder / "input"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, body)


def bodies(found: list[Row]) -> list[dict[str, Any]]:
    assert not any(row.mistakes for row in found), found
    return [row.body for row in found]


def test_the_first_line_names_properties_and_the_table_gives_their_types(tmp_path: Path) -> None:
    names = (
        "person.id,date,timeOfDayInMinutes,geolocation.longitude,geolocation.latitude,kind,reason.id,isOpen"
    )
    (body,) = bodies(rows(tmp_path, f"{names}\n7,2026-03-10,480,4.39,51,Reason,3,true\n"))
    assert body == {
        "person": {"id": 7},
        "date": "2026-03-10",
        "timeOfDayInMinutes": 480,
        "geolocation": {"longitude": 4.39, "latitude": 51},
        "kind": "Reason",
        "reason": {"id": 3},
        "isOpen": True,
    }


def test_a_reference_stays_a_text_with_its_zeros(tmp_path: Path) -> None:
    names = "person.externalReferences.@employee-number,terminal.externalReferences.Sap.Code,date"
    (body,) = bodies(rows(tmp_path, f"{names},timeOfDayInMinutes,kind\n01256,007,2026-03-10,480,InOut\n"))
    assert body["person"] == {"externalReferences": {"@employee-number": "01256"}}
    assert body["terminal"] == {"externalReferences": {"Sap.Code": "007"}}


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("activityLevels.0.level,activityLevels.0.activityDefinition.id", f"1,{GUID}"),
        ("activityLevels.1.activityDefinition.id,activityLevels.1.level", f"{GUID},1"),
        ("activityLevels[0].level,activityLevels[0].activityDefinition.id", f"1,{GUID}"),
        ("activityLevels.level,activityLevels.activityDefinition.id", f"1,{GUID}"),
        (
            "activityLevels",
            f'"[{{""level"": 1, ""activityDefinition"": {{""id"": ""{GUID}""}}}}]"',
        ),
    ],
)
def test_activity_levels_can_be_written_in_several_ways(tmp_path: Path, names: str, cells: str) -> None:
    (body,) = bodies(rows(tmp_path, f"person.id,from,{names}\n7,2026-03-10,{cells}\n", ASSIGNMENT))
    assert body["activityLevels"] == [{"level": 1, "activityDefinition": {"id": GUID}}]


def test_several_levels_keep_the_order_of_their_positions_and_may_be_empty(tmp_path: Path) -> None:
    level = "activityLevels.{}.level,activityLevels.{}.activityDefinition.externalReferences.@data-entry-code"
    names = ",".join(level.format(n, n) for n in (2, 1))
    text = f"person.id,from,{names}\n7,2026-03-10,2,10019,1,00014\n7,2026-03-11,,,1,00014\n"
    first, second = bodies(rows(tmp_path, text, ASSIGNMENT))
    assert [item["level"] for item in first["activityLevels"]] == [1, 2]
    assert [item["level"] for item in second["activityLevels"]] == [1]


def test_an_empty_cell_is_an_absent_property(tmp_path: Path) -> None:
    text = "person.id,date,timeOfDayInMinutes,kind,terminal.id\n7,2026-03-10,480,InOut,\n8,2026-03-10,480,InOut, \n"
    first, second = bodies(rows(tmp_path, text))
    assert "terminal" not in first
    assert "terminal" not in second


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_of_a_spreadsheet_is_read(tmp_path: Path, separator: str) -> None:
    lines = ["person.id,date,timeOfDayInMinutes,kind,,", "7,2026-03-10,08:00,InOut,,", ",,,,,"]
    text = "\r\n".join(lines).replace(",", separator)
    (body,) = bodies(rows(tmp_path, b"\xef\xbb\xbf" + text.encode()))
    assert body["timeOfDayInMinutes"] == 480


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("480", 480),
        ("08:00", 480),
        ("8:00", 480),
        ("25:30", 1530),
        ("-02:00", -120),
        ("8h", "8h"),
        ("08:60", "08:60"),
        ("\u0668:00", "\u0668:00"),
    ],
)
def test_a_time_is_minutes_or_a_clock_and_else_stays_as_it_is(text: str, value: int | str) -> None:
    assert minutes(text) == value


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    level = "activityLevels.level,activityLevels.activityDefinition.id\n"
    text = (
        f"person.id,from,comments,{level}"
        f'7,2026-03-10,"two\nlines",1,{GUID}\n'
        "\n"
        f"x,2026-03-10,,1,{GUID}\n"
        f'7,2026-03-10,"1",1,{GUID},more\n'
    )
    good, wrong, long = rows(tmp_path, text, ASSIGNMENT)
    assert (good.line, good.body["comments"]) == (2, "two\nlines")
    assert (wrong.line, wrong.mistakes) == (5, ('person.id: must be a whole number, not "x"',))
    assert (long.line, long.mistakes) == (6, ("has 6 cells, the first line only 5",))


def test_json_lines_are_taken_as_they_are(tmp_path: Path) -> None:
    good = '{"person": {"id": 7}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}'
    found = rows(tmp_path, f'{good}\n\n{{"person"\n[1]\n{good.replace("480", chr(34) + "480" + chr(34))}\n')
    assert [(row.line, bool(row.mistakes)) for row in found] == [(1, False), (3, True), (4, True), (5, True)]
    assert found[0].body["timeOfDayInMinutes"] == 480


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("persn.id,date", "did you mean person.id"),
        ("person.id,id", "'id' is not a property of clockings"),
        ("person.id,person.id", "'person.id' says the same as 'person.id'"),
        ("activityLevels,activityLevels.0.level", "says the same as"),
        ("person.id.more", "is not a property"),
        ("person.externalReferences", "is not a property"),
    ],
)
def test_a_first_line_that_names_no_property_stops_the_import(tmp_path: Path, names: str, words: str) -> None:
    with pytest.raises(BadColumns, match=words):
        rows(tmp_path, f"{names}\n1,2\n")


@pytest.mark.parametrize("text", [b"person.id\n\xff\n", b'person.id,date\n"7,2026\n', b"", b"\n\n"])
def test_a_file_that_cannot_be_read_stops_the_import(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(Unreadable):
        rows(tmp_path, text)


def test_a_file_with_nothing_but_names_has_no_rows(tmp_path: Path) -> None:
    assert rows(tmp_path, "person.id,date\n") == []


NAMES = "person.id,date,timeOfDayInMinutes,kind,terminal.id"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_blanks_around_cells_and_blank_lines_are_the_files(
    tmp_path: Path, bom: bytes, separator: str, newline: str
) -> None:
    lines = ["", " person.id , date,timeOfDayInMinutes ,kind", " ", "", " 7, 2026-03-10 , 08:00 , InOut ", ""]
    text = newline.join(lines).replace(",", separator)
    (body,) = bodies(rows(tmp_path, bom + text.encode()))
    assert body == {"person": {"id": 7}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}


@pytest.mark.parametrize(
    ("separator", "cell", "value"),
    [(";", "4,392225", 4.392225), (";", "-51,0", -51.0), (",", '"4,39"', 4.39), (";", "4.39", 4.39)],
)
def test_a_decimal_comma_is_a_decimal_point(tmp_path: Path, separator: str, cell: str, value: float) -> None:
    names = f"{NAMES},geolocation.longitude".replace(",", separator)
    row = separator.join(["7", "2026-03-10", "480", "InOut", "", cell])
    (body,) = bodies(rows(tmp_path, f"{names}\n{row}\n"))
    assert body["geolocation"] == {"longitude": value}


@pytest.mark.parametrize("cell", ["4,39,1", "1.234,5", "4,", "4 39"])
def test_a_number_that_could_mean_two_things_is_refused_with_row_and_column(
    tmp_path: Path, cell: str
) -> None:
    names = f"{NAMES};geolocation.longitude".replace(",", ";")
    (row,) = rows(tmp_path, f"{names}\n7;2026-03-10;480;InOut;;{cell}\n")
    assert (row.line, row.mistakes) == (
        2,
        ("geolocation.longitude: must be a number from -180 to 180",),
    )


def test_a_decimal_comma_without_quotes_between_commas_is_a_cell_too_many(tmp_path: Path) -> None:
    names = f"{NAMES},geolocation.longitude"
    (row,) = rows(tmp_path, f"{names}\n7,2026-03-10,480,InOut,,4,39\n")
    assert (row.line, row.mistakes) == (2, ("has 7 cells, the first line only 6",))


@pytest.mark.parametrize("cut", ["7,2026-03-10,480,InOut", "7,2026-03-10,480", "7"])
def test_a_row_that_was_cut_off_is_refused_with_what_it_has_no_cell_for(tmp_path: Path, cut: str) -> None:
    whole = "7,2026-03-10,480,InOut,3"
    good, short = rows(tmp_path, f"{NAMES}\n{whole}\n{cut}")
    assert not good.mistakes
    missing = NAMES.split(",")[cut.count(",") + 1 :]
    counted = f"has {cut.count(',') + 1} cell(s), the first line 5"
    assert (short.line, short.mistakes) == (3, (f"{counted}: none for {', '.join(missing)}",))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Person.Id", "person.id"),
        ("TIMEOFDAYINMINUTES", "timeOfDayInMinutes"),
        ("timeOfDay", "timeOfDayInMinutes"),
        ("geolocation.lattitude", "geolocation.latitude"),
        ("terminal_id", "terminal.id"),
    ],
)
def test_a_wrong_name_of_a_column_is_answered_with_the_near_one(
    tmp_path: Path, name: str, meant: str
) -> None:
    with pytest.raises(BadColumns, match=rf"'{name}' is not a property .* \(did you mean {meant}\?\)"):
        rows(tmp_path, f"kind,{name}\nInOut,1\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"person.id,kind\n1,InOut\n2,\xe9\n", "line 3 is not UTF-8"),
        (b'person.id,kind\n1,InOut\n2,"InOut\n3,InOut\n4,InOut\n', "the row of line 3: .*, by line 5"),
        (b'person.id,kind\n1,"In"Out\n', "the row of line 2: "),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(Unreadable, match=words):
        rows(tmp_path, content)
