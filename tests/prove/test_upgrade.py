"""Processes of two releases side by side; and what is said where there is no earlier release."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prove.faults_upgrade import FAULTS, VARIABLE, next_of, unpack
from tests.prove.strikes import OURS
from tests.prove.trial import run


def test_a_commit_that_is_not_there_is_said_in_words(tmp_path: Path):
    with pytest.raises(AssertionError, match="an upgrade is not tried: no such-a-commit in this tree"):
        unpack("such-a-commit", tmp_path)


def test_without_git_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError, match="git is not installed"):
        unpack("HEAD~1", tmp_path)


def test_every_mixture_of_two_releases_has_its_turn():
    new, seen = dict.fromkeys(OURS, False), set[tuple[bool, ...]]()
    for _ in range(2 ** len(OURS)):
        name = next_of(list(new.values()))
        new[name] = not new[name]
        seen.add(tuple(new.values()))
    assert len(seen) == 2 ** len(OURS)
    assert not any(new.values())


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_is_lost_while_two_releases_share_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    try:
        verdict = run(FAULTS[0], tmp_path, moments=4, seed=1)
    except AssertionError as error:
        if "an upgrade is not tried" in str(error):
            pytest.skip(str(error))
        raise
    assert verdict.holds, verdict
