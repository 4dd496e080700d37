from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from workers.sinks.standard_webhooks import headers, key_of, message_id, signature


def test_the_example_of_the_specification_has_the_published_signature():
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(key=st.binary(min_size=24, max_size=64), body=st.text(st.characters(exclude_categories=["Cs"])))
def test_the_reference_library_computes_the_same_signature(key, body):
    expected = Webhook(key).sign("acme/assignments/1/A", datetime(2026, 3, 9, tzinfo=UTC), body)
    moment = int(datetime(2026, 3, 9, tzinfo=UTC).timestamp())
    assert signature([key], "acme/assignments/1/A", moment, body.encode()) == expected


def test_during_rotation_each_secret_verifies():
    now = int(datetime.now(UTC).timestamp())
    keys = [b"a" * 24, b"b" * 24]
    sent = headers(keys, "id", now, b"{}")
    assert len(sent["webhook-signature"].split(" ")) == 2
    for key in keys:
        Webhook(key).verify(b"{}", sent)


def test_without_a_key_the_message_is_identified_but_not_signed():
    assert headers([], "id", 7, b"{}") == {"webhook-id": "id", "webhook-timestamp": "7"}


@given(key=st.binary(min_size=1, max_size=64))
def test_a_secret_is_read_with_and_without_prefix_and_padding(key):
    encoded = base64.b64encode(key).decode()
    for secret in (encoded, encoded.rstrip("="), f"whsec_{encoded}"):
        assert key_of(secret) == key


@pytest.mark.parametrize("wrong", ["", "whsec_", "hunter2!", "whsec_a b", "é", "whsec_A"])
def test_a_secret_that_is_not_base64_is_refused_without_repeating_it(wrong):
    with pytest.raises(ValueError, match="secret") as caught:
        key_of(wrong)
    assert not wrong or wrong not in str(caught.value).replace("whsec_", "", 1)


def test_one_event_gives_the_message_its_id():
    assert message_id(["acme/assignments/757085/0001E7C5"]) == "acme/assignments/757085/0001E7C5"


def test_an_id_holds_no_full_stop_and_only_ascii():
    assert message_id(["a.é b\n/1"]) == "a%2E%C3%A9%20b%0A/1"


def test_the_same_events_give_the_same_id_and_others_another():
    assert message_id(["a", "b"]) == message_id(["a", "b"])
    assert len({message_id(ids) for ids in (["a", "b"], ["b", "a"], ["a", "b", "c"], ["ab", ""])}) == 4
