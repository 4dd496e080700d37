from __future__ import annotations

import pytest

from tests.workers.protime.fakes import HOST, Tokens
from workers.protime import Protime
from workers.protime.user_agent import checked


@pytest.mark.rule("1.4-user-agent")
@pytest.mark.parametrize(
    "value", ["PeopleSyncService/v1 (Acme Corp)", "a/1.0.2-rc1 (A)", "Sync/2 (Acme (NL), B.V.)"]
)
def test_name_version_and_company_pass(value: str) -> None:
    assert checked(value) == value


@pytest.mark.rule("1.4-user-agent")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "Sync",
        "Sync/1",
        "Sync (Acme)",
        "Sync/1 Acme",
        "Sync/1 ( )",
        "Sync/1 (Acmé)",
        "Sy nc/1 (A)",
        "S/1 (A)\r\nX: y",
    ],
)
def test_anything_else_is_refused_with_what_to_write(value: str) -> None:
    with pytest.raises(ValueError, match=r"for example PeopleSyncService/v1 \(Acme Corp\)"):
        Protime(HOST, "acme", value, Tokens())
