"""The README says only what is true."""

from __future__ import annotations

import re
from pathlib import Path

from service.cli.app import COMMANDS
from tests.service.cli.commands import shiftwire
from workers.sinks import REGISTRY

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_its_configuration_works(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", section("In use"), re.DOTALL)
    assert found
    path = tmp_path / "shiftwire.yaml"
    path.write_text(found[1])
    names = re.findall(r"\$\{(\w+)\}", found[1])
    values = dict.fromkeys(names, "c2VjcmV0LW9mLXRoZS10ZXN0cy1sb25nLWVub3VnaA==")
    answer = shiftwire("check", "--config", str(path), env=values)
    assert (answer.code, answer.err) == (0, "")
    assert "1 tenant(s), 2 collection(s), 1 sink(s)" in answer.out


def test_it_names_every_command_and_none_that_does_not_exist() -> None:
    cells = re.findall(r"^\| (`.+?) \|", section("Commands"), re.MULTILINE)
    words = [[code.split()[0] for code in re.findall(r"`([^`]+)`", cell)] for cell in cells]
    assert {first for first, *_ in words} <= set(COMMANDS)
    assert set(COMMANDS) <= {word for cell in words for word in cell}


def test_it_names_the_sinks_that_exist() -> None:
    cells = re.findall(r"^\| (`.+?) \|", section("Sinks"), re.MULTILINE)
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(REGISTRY)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / target).exists(), target
