"""How long a comparison with a secret takes tells nothing: secrets are compared by `hmac.compare_digest`, and nowhere else.

The code is read, not timed: a difference of nanoseconds shows in no test that could be repeated. Every `==` or `in` with a
name in it that sounds like a secret is listed here with the reason why it may stay.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SECRET = re.compile(
    r"secret|token|password|passwd|signature|digest|mac\b|hmac|authori[sz]ation|credential|key_bytes"
)

#: Comparisons of things that only sound like a secret, or whose two sides are both our own: no stranger sends one of them.
HARMLESS = {
    "service/cli/simulator.py": "the secret of the stand-in, printed where it is the known one",
    "service/receivers.py: subscription.token not in self._unusable": "records of our own store",
    "workers/config/rules.py": "two tokens of our own configuration",
    "workers/config/wording.py": "words of our own about a mistake",
    "workers/protime/auth.py": "the token in use and the one Protime has just refused",
    "workers/protime/filter_syntax.py": "words of a filter's grammar",
    "workers/protime/transport.py": "the token in use and the one Protime has just refused",
    "workers/store/subscriptions.py": "records of our own store",
    "workers/subscription_survey.py": "records of our own store",
}


def suspicious(source: str) -> Iterator[str]:
    """Every comparison for equality or membership with a side that is named like a secret."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(
            isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops
        ):
            sides = (node.left, *node.comparators)
            if any(_SECRET.search(name.lower()) for side in sides for name in _names(side)):
                yield ast.unparse(node)


def _names(node: ast.AST) -> Iterator[str]:
    """The names a value comes from; what a call is given is not what it returns."""
    if isinstance(node, ast.Call):
        yield from _names(node.func)
        return
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    for inner in ast.iter_child_nodes(node):
        yield from _names(inner)


def found() -> set[str]:
    files = (path for folder in ("service", "workers") for path in (ROOT / folder).rglob("*.py"))
    return {
        f"{path.relative_to(ROOT)}: {comparison}"
        for path in files
        for comparison in suspicious(path.read_text(encoding="utf-8"))
    }


def test_no_secret_that_a_stranger_sends_is_compared_other_than_in_constant_time() -> None:
    assert [one for one in sorted(found()) if not one.startswith(tuple(HARMLESS))] == []


def test_what_is_listed_as_harmless_is_still_there() -> None:
    assert [known for known in HARMLESS if not any(one.startswith(known) for one in found())] == []


@pytest.mark.parametrize("file", ["service/tokens.py", "service/signatures.py"])
def test_who_verifies_strangers_compares_in_constant_time(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert "compare_digest" in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize(
    "source",
    ["sent == self._token", "secret.get_secret_value() in known", "hmac.digest(k, raw, 'sha256') != given"],
)
def test_a_comparison_with_a_secret_is_seen(source: str) -> None:
    assert list(suspicious(source)) == [source]
