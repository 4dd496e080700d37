"""The examples of Protime's pages, from the command line to the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.cli.commands import Answer
from tests.service.cli.written import Recorder, Tenant, recorded
from tests.workers.protime.write_examples import API, LISTS, RECORD, WRITES

PREFIX = "connector-protimeapi-"
Command = Callable[..., Answer]


@pytest.fixture(scope="module")
def protime() -> Iterator[tuple[str, Recorder]]:
    with recorded(RECORD) as made:
        yield made


@pytest.fixture
def heard(protime: tuple[str, Recorder]) -> Recorder:
    protime[1].requests.clear()
    protime[1].scopes.clear()
    return protime[1]


@pytest.fixture
def command(protime: tuple[str, Recorder], tmp_path: Path) -> Command:
    tenant = Tenant(tmp_path, protime[0])

    def run(*arguments: str, stdin: str | None = None) -> Answer:
        answer = tenant.here(*arguments, stdin=stdin)
        assert answer.code == 0, answer.err
        return answer

    return run


def compact(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


@pytest.mark.parametrize("example", [e for e in WRITES if e.options], ids=lambda example: example.name)
def test_options_make_the_request_of_the_page(command: Command, heard: Recorder, example: Any) -> None:
    command(*example.command, *example.options)
    assert heard.requests[-1] == (example.request, compact(example.body))


@pytest.mark.parametrize("way", ["data", "file", "stdin"])
@pytest.mark.parametrize("example", WRITES, ids=lambda example: example.name)
def test_a_body_of_the_page_is_sent_as_it_is(
    command: Command, heard: Recorder, example: Any, way: str, tmp_path: Path
) -> None:
    text = json.dumps(example.body, indent=2)
    (tmp_path / "body.json").write_text(text)
    more = {"data": ("--data", text), "file": ("--file", str(tmp_path / "body.json")), "stdin": ("-",)}[way]
    command(*example.command, *more, stdin=text if way == "stdin" else None)
    assert heard.requests[-1] == (example.request, compact(example.body))


@pytest.mark.parametrize(("options", "query"), LISTS)
@pytest.mark.parametrize("collection", ["assignments", "clockings"])
def test_a_list_asks_as_on_the_page(
    command: Command, heard: Recorder, collection: str, options: tuple[str, ...], query: str
) -> None:
    command(collection, "list", "acme", *options)
    assert heard.requests == [(f"GET {API}/{collection}?{query}", b"")]


def test_a_record_is_read_and_printed_as_it_is(command: Command, heard: Recorder) -> None:
    wanted = ("--external-reference", "people=@badge-number")
    assert command("assignments", "get", "acme", "757085", *wanted).json() == RECORD
    assert heard.requests == [
        (f"GET {API}/assignments/757085?externalReferences=(people,@badge-number)", b"")
    ]


def test_a_deletion_is_the_one_of_the_page(command: Command, heard: Recorder) -> None:
    command("assignments", "delete", "acme", "757085")
    assert heard.requests == [(f"DELETE {API}/assignments/757085", b"")]


CLOCKING = ("--person", "1", "--date", "2026-03-10", "--time", "480", "--kind", "InOut")


@pytest.mark.parametrize(
    ("arguments", "scopes"),
    [
        (("assignments", "list", "acme", "--from", "2026-03-10"), "assignments.read"),
        (("assignments", "get", "acme", "757085"), "assignments.read"),
        (("assignments", "update", "acme", "757085", "--break", "5"), "assignments.read assignments.write"),
        (("assignments", "delete", "acme", "757085"), "assignments.write"),
        (("clockings", "list", "acme", "--from", "2026-03-10"), "clockings.read"),
        (("clockings", "create", "acme", *CLOCKING), "clockings.write"),
    ],
)
def test_a_command_asks_for_the_scopes_it_needs_and_no_others(
    command: Command, heard: Recorder, arguments: tuple[str, ...], scopes: str
) -> None:
    command(*arguments)
    assert heard.scopes == [" ".join(PREFIX + scope for scope in scopes.split())]
