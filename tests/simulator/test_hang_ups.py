from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

BASE = "/connector/protimeapi/api/v1"
Message = MutableMapping[str, Any]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/tenants/acme/connect/token"),
        ("POST", "/control/records/people"),
        ("PATCH", "/control/settings"),
        ("POST", BASE + "/assignments"),
    ],
)
async def test_a_caller_that_hangs_up_in_its_body_is_no_error_of_the_application(
    sim: Any, method: str, path: str
) -> None:
    sent: list[Message] = []
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"half', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"user-agent": "Tests/v1 (X)", "authorization": sim.http.headers["Authorization"]}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    where = {"path": path, "raw_path": path.encode(), "query_string": b"", "headers": raw}
    await sim.app({"type": "http", "method": method, **where}, receive, send)
    assert sent[0]["status"] == 400
    assert messages == []
