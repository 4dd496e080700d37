"""A notify sink and a real HTTP receiver of Apprise's `json://` messages; each line of a message is a subject."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.workers.sinks.receiver import Answer, Receiver
from workers.sinks import REGISTRY
from workers.sinks.base import Sink

LINES = "{% for each in events %}\n{{ each.event.subject }}\n{% endfor %}\n"


class NotifyRig:
    secrets = ("hunter22", "channel-key-1", "token-in-query")

    def __init__(self, _: Path) -> None:
        self.receiver = Receiver()
        self.receiver.start()

    @property
    def url(self) -> str:
        return f"json://joe:hunter22@127.0.0.1:{self.receiver.port}/channel-key-1?-token=token-in-query"

    def sink(self, **options: Any) -> Sink:
        words: dict[str, Any] = {"title": "Shifts", "template": "{{ event.subject }}"}
        if options.get("batch", 1) > 1:
            words["digest"] = {"title": "Shifts", "template": LINES, "wait_seconds": 0.05}
        self.options = REGISTRY["notify"].options(type="notify", **({"urls": [self.url]} | words | options))
        return REGISTRY["notify"].create("staff", self.options)

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.receiver.requests]

    def subjects(self) -> list[str]:
        return [line for message in self.messages() for line in message["message"].splitlines()]

    def take_away(self) -> None:
        self.receiver.stop()

    def bring_back(self) -> None:
        self.receiver.start()

    def restart(self) -> None:
        self.take_away()
        self.bring_back()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self.receiver.answer = Answer(after_seconds=0.8)
        yield

    def close(self) -> None:
        self.receiver.stop()
