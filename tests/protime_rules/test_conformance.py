from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from simulator.settings import Settings
from tests.protime_rules.choices import CHOICES
from tests.protime_rules.collected import ROOT, ties
from tests.protime_rules.page import Tie, gaps, page
from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, side_of
from tests.protime_rules.table import RULES, SECTIONS
from workers.config.model import Config
from workers.config.tenant import Tenant


@pytest.fixture(scope="module")
def collected() -> list[Tie]:
    return ties()


def test_every_rule_has_a_test_on_each_side_that_must_show_it(collected: list[Tie]) -> None:
    assert gaps(collected) == []


def test_the_page_is_what_the_tests_give(collected: list[Tie]) -> None:
    written = (ROOT / "docs/protime-conformance.md").read_text(encoding="utf-8")
    assert written == page(collected), "run `make conformance`"


def test_every_link_of_the_page_leads_to_a_file(collected: list[Tie]) -> None:
    assert [tie.path for tie in collected if not (ROOT / tie.path).is_file()] == []


def test_no_two_rules_share_an_id_and_each_stands_in_its_section() -> None:
    every = [(number, rule) for number, rules in enumerate(SECTIONS.values(), 1) for rule in rules]
    assert [name for name, count in Counter(rule.id for _, rule in every).items() if count > 1] == []
    assert [rule.id for number, rule in every if rule.section != number] == []


def test_every_choice_is_behind_a_rule_and_has_a_setting_or_an_attitude() -> None:
    assert {rule.choice for rule in RULES.values()} - {None} == set(CHOICES) == set(range(1, 41))
    assert [number for number, choice in CHOICES.items() if not choice.product and not choice.does] == []


def test_the_settings_of_the_choices_exist() -> None:
    named = {name for choice in CHOICES.values() for name in choice.simulator}
    assert named - set(Settings.__struct_fields__) == set()
    assert [name for choice in CHOICES.values() for name in choice.product if not _is_setting(name)] == []


def test_a_rule_without_a_test_is_told_with_its_side() -> None:
    known = [
        Tie(rule, f"tests/{folder}/test_x.py", "test_x")
        for rule in RULES
        for folder in ("simulator", "service")
    ]
    assert "1.4-bearer: client" in gaps(known)
    assert "1.4-etag: client" not in gaps(known)


def test_the_side_of_a_test_is_that_of_its_folder() -> None:
    paths = ("tests/simulator/rules/test_a.py", "tests/workers/protime/test_a.py", "tests/workers/test_a.py")
    assert [side_of(path) for path in paths] == [SIMULATOR, CLIENT, PROCESSOR]


def test_an_unknown_rule_ends_the_collection(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ("tests.protime_rules.marking",)\n', encoding="utf-8"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    test = 'import pytest\n\n@pytest.mark.rule("3.4-misspelt")\ndef test_one() -> None: ...\n'
    (tmp_path / "test_one.py").write_text(test, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "--rootdir",
        str(tmp_path),
        "-c",
        str(tmp_path / "pytest.ini"),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_one names the unknown rule '3.4-misspelt'" in done.stdout + done.stderr


def _is_setting(path: str) -> bool:
    """A dotted path below a tenant or at the top of the configuration."""
    return any(_has(model, path.split(".")) for model in (Tenant, Config))


def _has(model: type, names: list[str]) -> bool:
    fields = getattr(model, "model_fields", {})
    return not names or (names[0] in fields and _has(fields[names[0]].annotation, names[1:]))
