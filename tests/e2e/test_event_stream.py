"""A reader of the event stream that comes and goes has every event once, and those of each record in their order."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

import httpx
import pytest

from tests.e2e.installation import PAYLOAD, Installation, until
from tests.e2e.promises import differences, overtaken
from tests.e2e.subscriber import Event

TOKEN = "the-token-of-a-viewer"
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Listener:
    """Follows the stream on a thread; drops each connection after a moment, at no particular place."""

    def __init__(self, installation: Installation, *, after: str | None = None) -> None:
        self.events: list[Event] = []
        self.connections = 0
        self.longest = 0.03
        self._last = ""
        self._query = {"after": after} if after else {}
        self._chance = random.Random(11)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{installation.port}", timeout=5, headers=BEARER)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(10)
        self._http.close()

    def ids(self) -> list[str]:
        return [event["id"] for event in list(self.events)]

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._connect()
            except httpx.ReadTimeout:
                continue  # nothing came for the moment that a connection lasts
            except httpx.HTTPError:
                time.sleep(0.05)  # the service is away

    def _connect(self) -> None:
        sent = {"last-event-id": self._last} if self._last else {}
        patience = httpx.Timeout(5, read=max(0.2, self.longest))
        with self._http.stream(
            "GET", "/events/stream", params=self._query, headers=sent, timeout=patience
        ) as answer:
            answer.raise_for_status()
            self.connections += 1
            until_ = time.monotonic() + self._chance.uniform(0, self.longest)
            pending = b""
            for chunk in answer.iter_raw():
                late = time.monotonic() > until_ or self._ended.is_set()
                # The last that arrives is cut anywhere.
                arrived = chunk[: self._chance.randint(0, len(chunk))] if late else chunk
                *blocks, pending = (pending + arrived).split(b"\r\n\r\n")
                for block in blocks:
                    self._take(block.decode())
                if late:
                    return

    def _take(self, block: str) -> None:
        """What is not finished by an empty line counts for nothing, as the standard says."""
        fields: dict[str, Any] = dict(line.split(": ", 1) for line in block.split("\r\n"))
        if "data" in fields:
            self.events.append(json.loads(fields["data"]))
        self._last = fields.get("id", self._last)


@pytest.fixture
def installation(install: Any) -> Installation:
    made: Installation = install(
        collections=PAYLOAD, sink={"batch": 20}, extra={"admin_tokens": {"viewer": TOKEN}}
    )
    made.start_all()
    return made


def in_the_log(installation: Installation) -> list[str]:
    """The ids of all events, by the pages of the API."""
    found: list[str] = []
    after = "0"
    while after:
        query = {"after": after, "limit": 250}
        page = installation.http.get("/events", params=query, headers=BEARER).raise_for_status().json()
        found += [event["id"] for event in page["events"]]
        after = page.get("next", "")
    return found


@pytest.mark.e2e
def test_a_client_that_disconnects_two_hundred_times_sees_every_event_once(
    installation: Installation, figures: Any
) -> None:
    listener = Listener(installation)
    until(lambda: listener.connections > 1, 10, "the listener knows where it is")
    protime = installation.protime
    protime.generate(count=40, changes=1600, per_second=200)
    until(lambda: listener.connections > 200 and protime.quiet(), 25, "all is changed and told")
    listener.longest = 1.0
    logged = in_the_log(installation)
    until(lambda: len(listener.events) >= len(logged), 10, "the listener has caught up")
    listener.close()
    figures(f"{listener.connections} connections, {len(logged)} events")
    assert sorted(listener.ids()) == sorted(logged)
    assert overtaken(listener.events) == []
    assert not differences(protime.state(), {event["subject"]: event for event in listener.events})


@pytest.mark.e2e
def test_neither_a_killed_service_nor_a_killed_store_leaves_a_hole(installation: Installation) -> None:
    listener = Listener(installation, after="0")
    listener.longest = 30.0
    protime = installation.protime
    protime.generate(count=20, changes=400, per_second=100)
    until(lambda: len(listener.events) > 50, 10, "events flow")
    installation.kill("serve")
    time.sleep(0.3)
    installation.start("serve")
    until(lambda: len(listener.events) > 150, 15, "events flow again")
    installation.kill("redis")
    time.sleep(0.3)
    installation.start_store()
    until(protime.quiet, 30, "all notifications are sent")
    until(installation.settled, 15, "nothing is in flight")
    logged = in_the_log(installation)
    until(lambda: len(listener.events) >= len(logged), 10, "the listener has caught up")
    assert installation.end("serve", 5) == 0  # at once, with a stream open
    listener.close()
    assert sorted(listener.ids()) == sorted(logged)
    assert overtaken(listener.events) == []
