from __future__ import annotations

from io import StringIO

from jsonschema import validate
from rich.console import Console

from service.cli.ledger import table
from tests.service.cli import shapes
from tests.service.cli.past import Installation
from workers.store.ledger import Row


def test_json_has_a_row_for_each_tenant_and_sink(installation: Installation) -> None:
    rows = installation.shiftwire("ledger", "--json").json()
    validate(rows, shapes.LEDGER)
    figures = {
        row["sink"]: (row["received"], row["delivered"], row["filtered"], row["dead_lettered"])
        for row in rows
    }
    assert figures == {"archive": (5, 4, 0, 0), "picky": (5, 0, 3, 1)}
    assert [row["rejected"] for row in rows] == [1, 1]


def test_people_get_a_table_with_whole_lines(installation: Installation) -> None:
    lines = installation.shiftwire("ledger").out.splitlines()
    assert lines[0].split() == [
        *("tenant", "sink", "received", "delivered", "filtered", "superseded", "rejected"),
        *("dead", "lettered", "in", "flight", "balanced"),
    ]
    assert [line.split()[-1] for line in lines[2:]] == ["yes", "yes"]


def test_a_narrow_terminal_gets_a_column_for_each_sink() -> None:
    output = StringIO()
    rows = [Row("acme", "planning", received=1_234_567, delivered=1_234_566), Row("acme", "archive")]
    Console(file=output, width=80).print(table(rows, 80))
    lines = [line.split() for line in output.getvalue().splitlines()]
    assert lines[0] == ["acme", "planning", "acme", "archive"]
    assert ["received", "1,234,567", "0"] in lines
    assert ["balanced", "NO", "(+1)", "yes"] in lines


def test_books_that_do_not_balance_end_with_exit_code_1(own_installation: Installation) -> None:
    async def lose_one(redis: object) -> None:
        await redis.hincrby("sw:{acme:0}:counts", "received:webhook", 2)  # type: ignore[attr-defined]

    own_installation.redis(lose_one)
    told = own_installation.shiftwire("ledger")
    assert told.code == 1
    assert "NO (+2)" in told.out
    answer = own_installation.shiftwire("ledger", "--json")
    assert (answer.code, '"balanced": false' in answer.out) == (1, True)
