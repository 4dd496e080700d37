"""The judge of the soak is judged: what it must not let pass, and what it must."""

from __future__ import annotations

from typing import Any

from tests.e2e.soak_promises import abandoned


def life(name: str, created: float, ended: float | None) -> dict[str, Any]:
    return {"id": name, "createdAt": created, "endedAt": ended}


ALL = {"old", "new"}


def test_an_old_webhook_that_is_deleted_last_abandons_nobody():
    assert abandoned([life("old", 0, 21), life("new", 20, None)], ALL, set()) == []


def test_a_webhook_that_ended_before_its_successor_listened_is_found():
    assert abandoned([life("old", 0, 20), life("new", 20, None)], ALL, set()) == ["old"]
    assert abandoned([life("old", 0, 20), life("new", 25, None)], ALL, set()) == ["old"]


def test_a_successor_whose_key_was_lost_listens_to_nothing():
    lives = [life("old", 0, 21), life("lost", 20, 22), life("new", 21.5, None)]
    assert abandoned(lives, ALL, set()) == ["old"]


def test_whoever_ends_a_webhook_or_its_successor_made_the_gap_himself():
    assert abandoned([life("old", 0, 20), life("new", 25, None)], ALL, {"old"}) == []
    lives = [life("old", 0, 21), life("cut", 20, 20.5), life("new", 21.5, None)]
    assert abandoned(lives, {*ALL, "cut"}, {"cut"}) == []


def test_an_interference_long_over_excuses_nothing():
    lives = [life("cut", 0, 9), life("old", 10, 31), life("new", 32, None)]
    assert abandoned(lives, {*ALL, "cut"}, {"cut"}) == ["old"]
