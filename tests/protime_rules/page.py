"""docs/protime-conformance.md as text, and what is missing in it. Pure: the ties of tests to rules come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tests.protime_rules.choices import CHOICES, Choice
from tests.protime_rules.rule import Rule, Side, side_of
from tests.protime_rules.table import RULES, SECTIONS

HEAD = """\
# Which test shows which rule of the Protime API

Generated from the tests by `make conformance`; do not edit. Every rule of the API that a client or a stand-in can keep
or break is a line. *client* is the API client `workers/protime`, *simulator* the stand-in, *processor* the rest of the
product. The sections are those of [the notes on the API](protime-api.md). A rule with a CHOICE is an assumption where
Protime's public documentation is silent: the line names the settings that change it, on the side of the simulator and
of the product.
"""


class Tie(NamedTuple):
    """`test`, a function in the file `path`, shows `rule`."""

    rule: str
    path: str
    test: str


def gaps(ties: Iterable[Tie]) -> list[str]:
    """Rules that no test shows on a side that must show it."""
    shown = dict.fromkeys(RULES, Side(0))
    for tie in ties:
        shown[tie.rule] |= side_of(tie.path)
    missing = ((rule.id, rule.sides & ~shown[rule.id]) for rule in RULES.values())
    return [f"{name}: {_names(sides)}" for name, sides in missing if sides]


def page(ties: Sequence[Tie]) -> str:
    sections = (
        f"## {number} {title}\n\n{_table(rules, ties)}"
        for number, (title, rules) in enumerate(SECTIONS.items(), 1)
    )
    return "\n".join([HEAD, _summary(ties), *sections])


def _summary(ties: Sequence[Tie]) -> str:
    tests = {(tie.path, tie.test) for tie in ties}
    lines = ["| | rules | tests |", "|---|---|---|", f"| all | {len(RULES)} | {len(tests)} |"]
    for side in Side:
        rules = [rule for rule in RULES.values() if side in rule.sides]
        shown = [test for test in tests if side_of(test[0]) is side]
        lines.append(f"| {_names(side)} | {len(rules)} | {len(shown)} |")
    assumed = [rule for rule in RULES.values() if rule.choice]
    lines.append(f"\n{len(assumed)} rules rest on {len(CHOICES)} choices.\n")
    return "\n".join(lines)


def _table(rules: Iterable[Rule], ties: Sequence[Tie]) -> str:
    lines = ["| rule | what it says | shown by |", "|---|---|---|"]
    lines += [f"| `{rule.id}` | {_said(rule)} | {_shown(rule, ties)} |" for rule in rules]
    return "\n".join(lines) + "\n"


def _said(rule: Rule) -> str:
    text = rule.text.replace("|", "\\|")
    return (
        text
        if rule.choice is None
        else f"{text}<br>*CHOICE-{rule.choice:02}*: {_settings(CHOICES[rule.choice])}"
    )


def _settings(choice: Choice) -> str:
    simulator = ", ".join(f"`{name}`" for name in choice.simulator) or "no setting"
    product = "; ".join([*(f"`{name}`" for name in choice.product), *filter(None, [choice.does])])
    return f"simulator {simulator}; product {product}"


def _shown(rule: Rule, ties: Iterable[Tie]) -> str:
    own = [tie for tie in ties if tie.rule == rule.id]
    sides = ((side, [tie for tie in own if side_of(tie.path) is side]) for side in Side)
    return "<br>".join(_side(side, found) for side, found in sides if found)


def _side(side: Side, ties: Iterable[Tie]) -> str:
    return f"{_names(side)}: {', '.join(_links(ties))}"


def _links(ties: Iterable[Tie]) -> Iterator[str]:
    for tie in sorted(ties):
        yield f"[{tie.test.removeprefix('test_').replace('_', ' ')}](../{tie.path})"


def _names(sides: Side) -> str:
    return ", ".join(str(side.name).lower() for side in sides)
