from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from service.cli.app import COMMANDS, load
from tests.service.cli.commands import shiftwire

ROOT = Path(__file__).parents[3]


def test_the_help_lists_every_command_with_its_line() -> None:
    answer = shiftwire("--help")
    assert answer.code == 0
    for name, (_, text) in COMMANDS.items():
        assert any(line.split() == [name, *text.split()] for line in answer.out.splitlines()), name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_list_is_the_beginning_of_the_help_of_the_command(name: str) -> None:
    assert load(name).help.split("\n")[0] == COMMANDS[name][1]


def test_the_help_imports_nothing_heavy() -> None:
    code = """if True:
        import sys
        from service.cli import main
        sys.argv = ["shiftwire", "--help"]
        code = main()
        heavy = {"redis", "httpx", "pydantic", "starlette", "dramatiq", "rich", "workers"} & set(sys.modules)
        sys.exit(f"imported: {heavy}" if heavy or code else 0)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((ROOT / "helm/Chart.yaml").read_text())
    assert shiftwire("--version").out == f"shiftwire {version}\n"
    assert chart["appVersion"] == version


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Usage: shiftwire"),
        (("nonsense",), "No such command 'nonsense'"),
        (("evnts",), "Did you mean 'events'"),
        (("events",), "Usage: shiftwire events"),
        (("events", "show"), "Missing argument"),
        (("ledger", "--nonsense"), "No such option"),
        (("run", "--workers", "0"), "--workers"),
        (("simulator", "--settings", "{"), "--settings"),
        (("simulator", "--settings", '{"nonsense": 1}'), "nonsense"),
        (("demo", "--seconds", "0"), "--seconds"),
    ],
)
def test_a_mistake_of_usage_ends_with_2_and_words_on_standard_error(
    arguments: tuple[str, ...], words: str
) -> None:
    answer = shiftwire(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_schemas_are_json_schemas() -> None:
    from jsonschema import Draft202012Validator

    config = shiftwire("schema", "config").json()
    events = shiftwire("schema", "events").json()
    assert "assignment.v1.json" in events
    for schema in (config, *events.values()):
        Draft202012Validator.check_schema(schema)
