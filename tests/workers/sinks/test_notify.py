"""The notify sink's own: words, digests, several addresses, and mail to a real SMTP server."""

from __future__ import annotations

import asyncio
import email
import logging
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import ValidationError

from tests.ports import free_port
from tests.workers.sinks.receiver import Answer
from tests.workers.sinks.rigs_notify import NotifyRig
from workers.events import Event
from workers.sinks import REGISTRY
from workers.sinks.base import Failure
from workers.sinks.shaping import Shape, shaped

MakeEvent = Callable[..., Event]


@pytest.fixture
def rig(tmp_path: Any) -> Iterator[NotifyRig]:
    rig = NotifyRig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def second(tmp_path: Any) -> Iterator[NotifyRig]:
    rig = NotifyRig(tmp_path)
    yield rig
    rig.close()


def said(rig: NotifyRig) -> list[tuple[str, str]]:
    return [(message["title"], message["message"]) for message in rig.messages()]


def plain(rig: NotifyRig, **options: Any) -> Any:
    """A sink with the words it has by itself."""
    made = REGISTRY["notify"].options(type="notify", urls=[rig.url], **options)
    return REGISTRY["notify"].create("staff", made)


async def test_the_default_words_say_who_what_and_when_on_local_clocks(
    rig: NotifyRig, make_event: MakeEvent
) -> None:
    sink = plain(rig)
    assert await sink.deliver([make_event(4711, person={"id": 7})]) == {}
    assert said(rig) == [
        (
            "assignment 4711: rescheduled, break changed",
            "Assignment 4711 of person 7: rescheduled, break changed, 2026-03-10 09:00 to 18:00",
        )
    ]
    await sink.close()


async def test_several_changes_are_one_digest(rig: NotifyRig, make_event: MakeEvent) -> None:
    sink = plain(rig, batch=10, digest={"wait_seconds": 0})
    night = make_event(2, start="2026-03-10T22:00:00+01:00", end="2026-03-11T06:00:00+01:00", person=None)
    day = make_event(3, meaning=[], start=None, end=None, resource={"date": "2026-03-12"}, person=None)
    assert await sink.deliver([make_event(1), night, day]) == {}
    ((title, text),) = said(rig)
    assert title == "3 changes"
    assert text.splitlines() == [
        "- Assignment 1 of person 1: rescheduled, break changed, 2026-03-10 09:00 to 18:00",
        "- Assignment 2: rescheduled, break changed, 2026-03-10 22:00 to 2026-03-11 06:00",
        "- Assignment 3: updated, 2026-03-12",
    ]
    await sink.close()


async def test_a_shaped_event_has_words_too(rig: NotifyRig, make_event: MakeEvent) -> None:
    sink = plain(rig)
    hidden = Shape(fields=("person", "meaning"), redact=("resource.comments",))
    assert await sink.deliver([shaped(make_event(1), hidden)]) == {}
    assert [text for _, text in said(rig)] == ["Assignment 1 of person 1: rescheduled, break changed"]
    assert await sink.deliver([shaped(make_event(2), Shape(fields=("notice",)))]) == {}
    assert [text for _, text in said(rig)][1] == "Assignment 2: updated"
    await sink.close()


async def test_what_several_lanes_deliver_at_the_same_time_is_one_message(
    rig: NotifyRig, make_event: MakeEvent
) -> None:
    sink = plain(rig, batch=100, digest={"wait_seconds": 0.2})

    async def lane(number: int) -> Mapping[int, Failure]:
        await asyncio.sleep(number / 100)
        return await sink.deliver([make_event(number)])

    answers = await asyncio.gather(*(lane(number) for number in range(5)))
    assert (answers, [title for title, _ in said(rig)]) == ([{}] * 5, ["5 changes"])
    await sink.close()


async def test_a_single_event_of_a_digest_sink_has_the_words_for_one(
    rig: NotifyRig, make_event: MakeEvent
) -> None:
    sink = plain(
        rig, batch=10, digest={"wait_seconds": 0}, title="One", template="{{ data.meaning | length }}"
    )
    assert await sink.deliver([make_event(1)]) == {}
    assert said(rig) == [("One", "2")]
    await sink.close()


async def test_an_event_whose_template_fails_is_refused_for_good_and_the_others_go_out(
    rig: NotifyRig, make_event: MakeEvent
) -> None:
    line = "{% for e in events %}{{ e.data.id }} {{ 60 // e.data.resource.breaks }}\n{% endfor %}"
    digest = {"title": "t", "template": line, "wait_seconds": 0}
    sink = rig.sink(batch=10, digest=digest, template="{{ 60 // data.resource.breaks }}")
    events = [make_event(number, resource={"breaks": number}) for number in (0, 1, 2)]
    failures = await sink.deliver(events)
    assert {i: (f.permanent, f.scope) for i, f in failures.items()} == {0: (True, "event")}
    assert "ZeroDivisionError" in failures[0].reason
    assert rig.messages()[0]["message"] == "1 60\n2 30"
    alone = await sink.deliver(events[:1])
    assert alone[0].permanent
    await sink.close()


async def test_a_template_that_says_nothing_is_refused(rig: NotifyRig, make_event: MakeEvent) -> None:
    sink = rig.sink(template="{% if person == 99 %}you{% endif %}")
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].permanent, failures[0].reason) == (
        True,
        "the template fails for this event: it gives no text",
    )
    assert rig.messages() == []
    await sink.close()


async def test_a_template_cannot_leave_its_sandbox(rig: NotifyRig, make_event: MakeEvent) -> None:
    sink = rig.sink(template="{{ ''.__class__.__mro__[1].__subclasses__() }}")
    failures = await sink.deliver([make_event(1)])
    assert failures[0].permanent
    assert "SecurityError" in failures[0].reason
    await sink.close()


async def test_markup_in_a_record_stays_as_it_is_in_plain_text(rig: NotifyRig, make_event: MakeEvent) -> None:
    sink = rig.sink(template="{{ data.resource.comments }}")
    assert await sink.deliver([make_event(1, resource={"comments": "<b> & {{ 7*7 }}"})]) == {}
    assert rig.messages()[0]["message"] == "<b> & {{ 7*7 }}"
    await sink.close()


async def test_an_address_that_took_a_message_does_not_get_it_again_while_another_is_away(
    rig: NotifyRig, second: NotifyRig, make_event: MakeEvent
) -> None:
    sink = rig.sink(urls=[rig.url, second.url], batch=10)
    second.take_away()
    events = [make_event(1), make_event(2)]
    failures = await sink.deliver(events)
    assert {(i, f.scope, f.permanent) for i, f in failures.items()} == {
        (0, "sink", False),
        (1, "sink", False),
    }
    second.bring_back()
    assert await sink.deliver([*events, make_event(3)]) == {}
    assert rig.subjects() == ["assignments/1", "assignments/2", "assignments/3"]
    assert second.subjects() == ["assignments/1", "assignments/2", "assignments/3"]
    assert await sink.deliver(events) == {}, "a replay is sent again"
    assert rig.subjects()[3:] == second.subjects()[3:] == ["assignments/1", "assignments/2"]
    await sink.close()


async def test_the_reason_tells_the_status_and_no_part_of_the_address(
    rig: NotifyRig, make_event: MakeEvent
) -> None:
    rig.receiver.answer = Answer(status=503)
    sink = rig.sink()
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert "503" in failures[0].reason
    assert not [secret for secret in rig.secrets if secret in failures[0].reason]
    await sink.close()


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("uvicorn"):  # the receiver's own
            self.text += f"{record.name} {record.getMessage()}\n"


@pytest.fixture
def log() -> Iterator[Lines]:
    """What a process logs at its most talkative."""
    root, lines = logging.getLogger(), Lines()
    before = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(lines)
    root.setLevel(before)


async def test_the_log_tells_nothing_of_addresses(rig: NotifyRig, make_event: MakeEvent, log: Lines) -> None:
    sink = rig.sink()
    logging.getLogger("test").debug("heard")
    assert await sink.deliver([make_event(1)]) == {}
    rig.take_away()
    assert await sink.deliver([make_event(1)])
    assert "test heard" in log.text
    assert "apprise" not in log.text
    assert not [secret for secret in rig.secrets if secret in log.text]
    rig.bring_back()
    await sink.close()


async def test_a_redirect_is_not_followed(rig: NotifyRig, second: NotifyRig, make_event: MakeEvent) -> None:
    location = f"http://127.0.0.1:{second.receiver.port}/elsewhere"
    rig.receiver.answer = Answer(status=307, headers={"location": location})
    sink = rig.sink()
    assert "307" in (await sink.deliver([make_event(1)]))[0].reason
    assert second.messages() == []
    await sink.close()


async def test_while_a_message_that_took_too_long_is_still_under_way_no_other_overtakes_it(
    rig: NotifyRig, make_event: MakeEvent
) -> None:
    rig.receiver.answers = [Answer(after_seconds=0.25)]
    sink = rig.sink(timeout_seconds=0.2)
    # Apprise's own limit is per read: the answer comes just as the sink has given up.
    first = await sink.deliver([make_event(1)])
    assert first[0].scope == "sink"
    assert len(rig.messages()) == 1
    await asyncio.sleep(0.3)
    assert await sink.deliver([make_event(2)]) == {}
    await sink.close()


class Mailbox:
    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's
        self.messages.append(email.message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    port = free_port()
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


async def test_mail_arrives_at_a_real_server(mailbox: tuple[Mailbox, int], make_event: MakeEvent) -> None:
    box, port = mailbox
    url = f"mailto://127.0.0.1:{port}?from=shifts@example.com&to=ann@example.com&mode=insecure&format=text"
    options = REGISTRY["notify"].options(type="notify", urls=[url], batch=10, digest={"wait_seconds": 0})
    sink = REGISTRY["notify"].create("mail", options)
    assert await sink.deliver([make_event(1), make_event(2)]) == {}
    (message,) = box.messages
    assert (message["to"], message["subject"]) == ("ann@example.com", "2 changes")
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().splitlines()[0].startswith("- Assignment 1 of person 1: rescheduled")
    await sink.close()


async def test_text_is_made_fit_for_a_service_that_wants_html(
    mailbox: tuple[Mailbox, int], make_event: MakeEvent
) -> None:
    box, port = mailbox
    url = f"mailto://127.0.0.1:{port}?from=shifts@example.com&to=ann@example.com&mode=insecure&format=html"
    options = REGISTRY["notify"].options(type="notify", urls=[url], template="{{ data.resource.comments }}")
    sink = REGISTRY["notify"].create("mail", options)
    assert await sink.deliver([make_event(1, resource={"comments": "<b>early</b> & late"})]) == {}
    assert b"&lt;b&gt;early&lt;/b&gt; &amp; late" in b"".join(
        part.get_payload(decode=True) or b"" for part in box.messages[0].walk() if not part.is_multipart()
    ).replace(b"&nbsp;", b" ")
    await sink.close()


async def test_a_mail_server_that_is_away_is_the_sinks_failure(make_event: MakeEvent) -> None:
    url = "mailto://127.0.0.1:9?from=shifts@example.com&to=ann@example.com&mode=insecure"
    sink = REGISTRY["notify"].create("mail", REGISTRY["notify"].options(type="notify", urls=[url]))
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert not [part for part in ("ann", "example.com", "127.0.0.1") if part in failures[0].reason]
    await sink.close()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"urls": []}, "at least 1 item"),
        ({"urls": ["hunter22://hunter22"]}, r"urls\.0 is not the address of a notification service"),
        ({"urls": ["json://localhost", "slack://hunter22"]}, r"urls\.1 is not"),
        ({"title": "{{ event"}, "title is not a template: line 1"),
        ({"template": "{% for x in data.changes %}"}, "template is not a template"),
        ({"template": "{{ shift.start }}"}, "template knows no shift; there is data, edits, event"),
        ({"template": "{{ what | shout }}"}, "No filter named 'shout'"),
        (
            {"batch": 5, "digest": {"template": "{{ what }}"}},
            r"digest\.template knows no what; there is count, events",
        ),
        ({"batch": 1, "digest": {"title": "x"}}, "needs a batch above 1"),
        ({"digest": {"wait_seconds": 31}}, "less than or equal to 30"),
    ],
)
def test_a_mistake_is_refused_named_and_repeats_no_address(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        REGISTRY["notify"].options(**{"type": "notify", "urls": ["json://localhost"]} | wrong)
    assert "hunter22" not in str(caught.value)
