from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.workers.sinks.rigs import SECRET
from workers.sinks import REGISTRY
from workers.sinks.base import Retry
from workers.sinks.webhook_options import WebhookOptions


def webhook(**options):
    return WebhookOptions(**{"type": "webhook", "url": "https://example.com/in", "secret": SECRET} | options)


def test_every_registered_name_is_the_type_its_options_take():
    for name, sink_type in REGISTRY.items():
        assert sink_type.options.model_json_schema()["properties"]["type"]["const"] == name


def test_the_documented_defaults_hold():
    options = webhook()
    assert options.retry == Retry(max_attempts=20, min_seconds=1, max_seconds=600, max_age_seconds=86_400)
    assert (options.batch, options.timeout_seconds, options.mode) == (1, 15, "structured")
    assert not options.allow_private_addresses


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"secret": None}, "needs either a secret"),
        ({"secret": []}, "needs either a secret"),
        ({"unsigned": True}, "needs either a secret"),
        ({"secret": "whsec_not base64"}, "base64"),
        ({"secret": ["", SECRET]}, "the secret is empty"),
        ({"mode": "binary", "batch": 2}, "one event a request"),
        ({"mode": "xml"}, "structured"),
        ({"batch": 0}, "greater than or equal to 1"),
        ({"batch": 1001}, "less than or equal to 1000"),
        ({"url": "ftp://example.com"}, "http or https"),
        ({"url": "/in"}, "http or https"),
        ({"url": "https://[::1/in"}, "not a URL"),
        ({"url": "https://example.com:70000/in"}, "port"),
        ({"url": "https://joe:hunter22@example.com/in"}, "headers.Authorization"),
        ({"headers": {"Host": "a"}}, "set by the sink itself"),
        ({"headers": {"webhook-id": "a"}}, "set by the sink itself"),
        ({"headers": {"CE-Type": "a"}}, "set by the sink itself"),
        ({"headers": {"X Y": "a"}}, "not the name"),
        ({"headers": {"X-Y": "a\r\nX-Z: b"}}, "one line"),
        ({"retry": {"min_seconds": 10, "max_seconds": 5}}, "max_seconds"),
        ({"retry": {"max_attempts": 0}}, "greater than or equal to 1"),
        ({"timeout_seconds": 0}, "greater than 0"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_mistake_is_refused_and_named(wrong, told):
    with pytest.raises(ValidationError, match=told):
        webhook(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "hunter22-hunter22"},
        {"url": "https://joe:hunter22@example.com/"},
        {"headers": {"X": "hunter22\n"}},
        {"unsigned": "hunter22"},
    ],
)
def test_the_text_of_a_mistake_repeats_no_value(wrong):
    with pytest.raises(ValidationError) as caught:
        webhook(**wrong)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), [SECRET]])
def test_a_secret_is_one_or_several_with_or_without_prefix(secret):
    assert len(webhook(secret=secret).keys) == 1


def test_options_show_neither_secret_nor_header_value_nor_query():
    options = webhook(
        url="https://example.com/in?code=hunter22", headers={"Authorization": "Bearer hunter22"}
    )
    for text in (
        repr(options),
        str(options),
        options.model_dump_json(),
        str(options.model_dump(mode="json")),
    ):
        assert "hunter22" not in text
        assert SECRET not in text
    assert options.url.endswith("?code=hunter22")


def test_what_must_be_hidden_includes_the_parts_that_a_receiver_might_echo():
    options = webhook(
        url="https://example.com/in?code=in%20query", headers={"Authorization": "Bearer hunter22"}
    )
    assert options.hidden >= {SECRET, SECRET.removeprefix("whsec_"), "in query", "hunter22"}


def test_a_part_of_the_path_that_opens_it_is_hidden_and_its_words_are_not():
    options = webhook(
        url="https://chat.example.com/services/T0001/A8f3kQ02mZx71bLw5cRt/incoming-planning-changes"
    )
    assert "A8f3kQ02mZx71bLw5cRt" in options.hidden
    assert not {"services", "T0001", "incoming-planning-changes"} & options.hidden
