from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.protime import errors
from workers.protime.errors import (
    AuthenticationFailed,
    Conflict,
    Gone,
    Invalid,
    NotFound,
    PermissionDenied,
    ProtimeError,
    RateLimited,
    Transient,
    Unconfirmed,
    UriTooLong,
    from_response,
    from_token_response,
)

NOW = datetime(2026, 3, 9, 12, 0, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(("error", "code", "reasons")), inner)
    ),
)


@pytest.mark.rule("3.5-uri", "4.1-400", "4.1-401", "4.1-403", "4.1-404", "4.1-409", "4.1-410")
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, ProtimeError),
        (400, Invalid),
        (401, PermissionDenied),
        (403, PermissionDenied),
        (404, NotFound),
        (405, Invalid),
        (408, Transient),
        (409, Conflict),
        (410, Gone),
        (414, UriTooLong),
        (418, Invalid),
        (429, RateLimited),
        (500, Transient),
        (502, Transient),
        (503, Transient),
        (504, Transient),
    ],
)
def test_the_status_decides_what_the_caller_can_do(status: int, kind: type[ProtimeError]) -> None:
    error = from_response(status, {}, b"")
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", NotFound),
        (b'{"error":{"code":"NotFound","message":"The resource was not found"}}', NotFound),
        (b'{"code":"NotFound","message":"The resource was not found"}', NotFound),
        (b'{"type":"about:blank","title":"Not Found","status":404}', NotFound),
        (b"<html><head><title>404 Not Found</title></head></html>", Transient),
        (b"default backend - 404", Transient),
        (b"{}", Transient),
        (b"null", Transient),
        (b'{"timestamp":1,"path":"/connector"}', Transient),
    ],
)
def test_a_gateways_404_does_not_say_that_a_record_is_gone(body: bytes, kind: type[ProtimeError]) -> None:
    assert type(from_response(404, {}, body)) is kind


@pytest.mark.rule("4.3-post-once")
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Unconfirmed),
        (408, Unconfirmed),
        (500, Unconfirmed),
        (502, Unconfirmed),
        (503, Unconfirmed),
        (504, Unconfirmed),
        (429, RateLimited),
        (400, Invalid),
        (403, PermissionDenied),
    ],
)
@pytest.mark.parametrize("body", [b"", b'{"error":{"code":"X","message":"as Protime says it"}}'])
def test_a_post_that_a_gateway_lost_may_have_been_carried_out(
    status: int, body: bytes, kind: type[ProtimeError]
) -> None:
    assert type(from_response(status, {}, body, method="POST")) is kind


@pytest.mark.rule("4.3-post-once")
@pytest.mark.parametrize("body", [b"<html><title>Blocked</title></html>", b"{}", b'{"status":"DOWN"}'])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Unconfirmed),
        (400, Unconfirmed),
        (403, Unconfirmed),
        (404, Unconfirmed),
        (409, Unconfirmed),
        (503, Unconfirmed),
        (401, PermissionDenied),
        (413, Invalid),
        (414, UriTooLong),
        (429, RateLimited),
    ],
)
def test_what_something_in_between_says_of_a_post_leaves_it_in_doubt_unless_it_kept_it_out(
    status: int, kind: type[ProtimeError], body: bytes
) -> None:
    assert type(from_response(status, {}, body, method="POST")) is kind


@pytest.mark.rule("4.3-wait")
def test_a_post_in_doubt_says_how_long_protime_wants_to_be_left_alone() -> None:
    error = from_response(503, {"Retry-After": "60"}, b"", method="POST")
    assert isinstance(error, Unconfirmed)
    assert error.retry_after == 60


def test_an_unconfirmed_post_is_not_taken_for_something_to_repeat() -> None:
    assert not issubclass(Unconfirmed, Transient)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, AuthenticationFailed),
        (401, AuthenticationFailed),
        (404, AuthenticationFailed),
        (429, RateLimited),
        (500, Transient),
    ],
)
def test_the_token_endpoint_refuses_for_good_with_4xx(status: int, kind: type[ProtimeError]) -> None:
    error = from_token_response(status, {}, b'{"error":"invalid_client"}')
    assert type(error) is kind
    assert error.method == "POST"


@pytest.mark.rule("2.2-errors")
def test_an_oauth_error_keeps_its_code() -> None:
    body = b'{"error":"invalid_scope","error_description":"Not for you"}'
    error = from_token_response(400, {}, body)
    assert (error.code, error.message) == ("invalid_scope", "Not for you")


@pytest.mark.rule("4.2-wrapped", "4.2-codes")
def test_the_ordinary_body_is_wrapped() -> None:
    error = from_response(404, {}, b'{"error":{"code":"NotFound","message":"No such assignment"}}')
    assert (error.code, error.message, error.reasons) == ("NotFound", "No such assignment", ())


@pytest.mark.rule("4.2-reasons")
def test_controller_validation_brings_reasons() -> None:
    body = b'{"error":{"code":"BadRequest","message":"Invalid","reasons":["The provided date range is invalid"]}}'
    error = from_response(400, {}, body, url="https://acme.myprotime.eu/connector/x")
    assert error.reasons == ("The provided date range is invalid",)
    assert str(error) == "GET /connector/x: 400 BadRequest: Invalid (The provided date range is invalid)"


@pytest.mark.rule("4.2-model", "4.2-items")
def test_model_validation_is_not_wrapped() -> None:
    items = [{"field": "person", "message": "The person field is required."}]
    body = msgspec.json.encode({"code": "BadRequest", "message": "Invalid", "validationErrors": items})
    error = from_response(400, {}, body)
    assert error.validation_errors == (items[0],)
    assert "person: The person field is required." in str(error)


@pytest.mark.rule("4.2-pages")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><head><title>Service Unavailable</title></head></html>", "Service Unavailable"),
        (b"", "no readable error in the answer"),
        (b"\xff\xfe\x00", "no readable error in the answer"),
        (b"[1,2]", "no readable error in the answer"),
        (b'{"error":17}', "no readable error in the answer"),
        (b'{"error":{"code":7,"message":[],"reasons":"x"}}', "no readable error in the answer"),
        (b"[" * 100_000, "no readable error in the answer"),
    ],
)
def test_a_body_that_is_no_error_leaves_the_status(body: bytes, message: str) -> None:
    error = from_response(503, {"Retry-After": "60"}, body)
    assert isinstance(error, Transient)
    assert (error.message, error.retry_after) == (message, 60.0)


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_header_names_have_no_case(name: str) -> None:
    error = from_response(429, {name: "Mon, 09 Mar 2026 12:00:05 GMT"}, b"", now=NOW)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 5.0


def test_a_server_that_repeats_secrets_cannot_bring_them_into_the_log() -> None:
    said = "token eyJhbGciOiJSUzI1NiJ9.eyJqdGkiOiIxIn0.c2ln, Bearer 0123456789abcdef, secret s3cr3t, webhookKey=abc"
    body = msgspec.json.encode(
        {"error": {"code": "s3cr3t", "message": said, "reasons": [said], "validationErrors": [{"a": [said]}]}}
    )
    url = "https://user:pw@acme.myprotime.eu/x?filter=a&deltaToken=eyJkZWx0YUlkIjo2NzcsIn0=&z=1"
    error = from_response(400, {}, body, url=url, secrets=("s3cr3t",))
    shown = str(error) + repr(error) + repr(vars(error))
    for secret in ("eyJ", "0123456789abcdef", "s3cr3t", "abc", "pw@"):
        assert secret not in shown
    assert error.url == "/x?filter=a&deltaToken=…&z=1"


def test_long_texts_are_cut() -> None:
    error = from_response(
        400, {}, msgspec.json.encode({"error": {"message": "x" * 10_000, "reasons": ["r"] * 1000}})
    )
    assert len(str(error)) < 1000


def test_a_secret_that_a_cut_would_halve_is_hidden_first() -> None:
    said = "x" * 490 + "0123456789-the-secret"
    error = from_response(
        400,
        {},
        msgspec.json.encode({"error": {"code": said, "message": said, "reasons": [said]}}),
        secrets=("0123456789-the-secret",),
    )
    assert "0123" not in str(error)


@given(st.integers(100, 999), st.dictionaries(st.text(), st.text()), st.binary(), st.text())
def test_no_answer_breaks_the_classification(
    status: int, headers: dict[str, str], body: bytes, url: str
) -> None:
    error = from_response(status, headers, body, url=url, now=NOW)
    assert isinstance(error, ProtimeError)
    assert str(error)


@given(st.integers(400, 599), JSON, st.sampled_from(("GET", "POST", "PUT", "DELETE")))
def test_no_json_breaks_the_classification(status: int, found: object, method: str) -> None:
    body = msgspec.json.encode(found)
    for error in (from_response(status, {}, body, method=method), from_token_response(status, {}, body)):
        assert isinstance(error, ProtimeError)
        assert str(error)


@pytest.mark.rule("4.2-items")
def test_deeply_nested_validation_errors_are_cut() -> None:
    body = b'{"validationErrors":[' + b"[" * 500 + b"]" * 500 + b"]}"
    assert "…" in str(from_response(400, {}, body))


def test_an_error_can_be_raised_with_a_sentence_alone() -> None:
    assert str(Transient("the lock was lost")) == "the lock was lost"
    assert Transient("x").retry_after is None


def test_a_request_that_never_left_may_be_repeated_whatever_its_method() -> None:
    assert type(errors.unanswered("ConnectError", sent=False, method="POST", url="https://h/x")) is Transient
    assert type(errors.unanswered("ReadTimeout", sent=True, method="GET", url="https://h/x")) is Transient
    assert type(errors.unanswered("ReadTimeout", sent=True, method="POST", url="https://h/x")) is Unconfirmed
