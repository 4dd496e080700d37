"""Requests made from the OpenAPI document, sensible and senseless, at a real process with a real store.

Whatever is asked, the answer is one that the document names: its status, its type, its headers, its body; never a 500.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from schemathesis import Case

from tests.service.described import OPERATIONS, checked, made, needs_a_token, prepared
from tests.service.event_log import OPERATOR, VIEWER, EventLog, installed
from tests.service.processes import OwnRedis, Process, running, serve_process
from tests.service.rig import TOKEN, change, config, encoded, signature
from workers.changes import SCHEMA_NAMES
from workers.store.connect import connect

RECEIVE = OPERATIONS["POST /webhooks/{tenant}/{collection}/{token}"]
ADDRESS = {"tenant": "acme", "collection": "assignments", "token": TOKEN}
SENDERS = {
    "nobody": {},
    "a stranger": {"authorization": "Bearer wrong"},
    "a viewer": {"authorization": f"Bearer {VIEWER}"},
    "an operator": {"authorization": f"Bearer {OPERATOR}"},
}
METHODS = {"HEAD", "OPTIONS", "GET", "PUT", "POST", "PATCH", "DELETE", "TRACE", "BREW"}
STRANGERS = {"nobody", "a stranger"}
#: The same requests on every run, and as many as fit into half a minute.
modest = limits(max_examples=20, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "data", "x"]), inner),
    max_leaves=8,
)
CHANGE = st.builds(change, st.integers(0, 2**63), st.text(max_size=6), comments=JSON, person=JSON)
WHOLE = (CHANGE | st.lists(CHANGE | JSON, max_size=3) | JSON).map(encoded)
#: Whole, cut off, or nothing of the kind.
BODIES = WHOLE | st.builds(lambda body, most: body[:most], WHOLE, st.integers(0, 60)) | st.binary(max_size=40)


@dataclass
class Asked:
    """The server, its client, and the ids of the events in its log."""

    server: Process
    http: requests.Session
    ids: list[str]

    def status(self, case: Case, body: bytes | None = None, **headers: str) -> int:
        request = prepared(self.http, case, self.server.url)
        if body is not None:
            headers["content-length"] = str(len(body))
            request.body = body
        request.headers.update(headers)
        return checked(self.http, case, request)


async def events(url: str) -> list[str]:
    """Ids of events that are written as a worker writes them."""
    redis = connect(url)
    log = EventLog(config(installed(url)), redis)
    await log.change(*range(20))
    await log.change(1, version=2, collection="clockings")
    await redis.aclose()
    return log.ids


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    yield from running(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def asked(store: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    ids = asyncio.run(events(store.url))
    for server in serve_process(tmp_path_factory.mktemp("server"), installed(store.url)):
        with requests.Session() as http:
            yield Asked(server, http, ids)
        assert "Traceback" not in server.log()


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("label", [label for label, found in OPERATIONS.items() if needs_a_token(found)])
def test_every_answer_of_a_route_with_a_token_is_in_the_document(
    asked: Asked, label: str, sender: str
) -> None:
    @modest
    @given(made(OPERATIONS[label]))
    def answers(case: Case) -> None:
        assert (asked.status(case, **SENDERS[sender]) == 401) == (sender in STRANGERS)

    answers()


@pytest.mark.parametrize("label", [label for label, found in OPERATIONS.items() if not needs_a_token(found)])
def test_every_answer_of_an_open_route_is_in_the_document(asked: Asked, label: str) -> None:
    @modest
    @given(made(OPERATIONS[label]))
    def answers(case: Case) -> None:
        asked.status(case)

    answers()


def test_every_answer_to_a_signed_body_is_in_the_document(asked: Asked) -> None:
    case = RECEIVE.Case(path_parameters=ADDRESS, body={}, media_type="application/json")
    seen = set()

    @limits(modest, max_examples=150)
    @given(BODIES)
    def answers(body: bytes) -> None:
        seen.add(asked.status(case, body, **{"x-protime-signature": signature(body)}))

    answers()
    assert seen == {202, 400}


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("GET /events", {"query": {"after": "0", "limit": 7, "tenant": ["acme"]}}),
        ("GET /events", {"query": {"collection": ["clockings"], "subject": ["nothing", "clockings/1"]}}),
        ("GET /events/stream", {"query": {"after": "0"}}),
        ("GET /events/stream", {"headers": {"Last-Event-ID": "0"}}),
        *[("GET /schemas/{name}", {"path_parameters": {"name": name}}) for name in SCHEMA_NAMES],
    ],
)
def test_every_answer_that_gives_what_was_asked_for_is_in_the_document(
    asked: Asked, label: str, parts: dict[str, Any]
) -> None:
    assert asked.status(OPERATIONS[label].Case(**parts), **SENDERS["a viewer"]) == 200


def test_every_life_of_an_event_is_in_the_document(asked: Asked) -> None:
    for event in asked.ids:
        case = OPERATIONS["GET /events/{id}"].Case(path_parameters={"id": event})
        assert asked.status(case, **SENDERS["a viewer"]) == 200


@pytest.mark.parametrize("label", OPERATIONS)
def test_a_method_that_a_route_does_not_have_is_the_mistake_of_the_sender(asked: Asked, label: str) -> None:
    own, path = label.split()
    for method in METHODS - {own, "HEAD" if own == "GET" else ""}:
        answer = asked.http.request(
            method, asked.server.url + path, headers=SENDERS["an operator"], timeout=20
        )
        assert answer.status_code in {400, 404, 405}, (method, answer)
