"""A request without an answer names the host and the cause, and nothing that is secret."""

from __future__ import annotations

import ssl

import httpx
import pytest

from tests.ports import free_port
from workers.protime import ClientCredentials, Protime, Transient, errors, no_answer

SECRET = "the-secret-of-the-client"


def caused(by: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (caused(ConnectionRefusedError(111, "Connection refused")), "Connection refused"),
        (caused(ExceptionGroup("all", [OSError(113, "No route to host")])), "No route to host"),
        (caused(ssl.SSLCertVerificationError(1, "[SSL] certificate verify failed")), "TLS: "),
        (httpx.ConnectTimeout(""), "no connection in time"),
        (httpx.ReadTimeout(""), "nothing came in time"),
        (TimeoutError(), "nothing came in time"),
        (httpx.RemoteProtocolError(SECRET), "the connection ended before the answer"),
        (httpx.UnsupportedProtocol(SECRET), "UnsupportedProtocol"),
    ],
)
def test_the_cause_is_told_in_words(error: Exception, words: str) -> None:
    assert no_answer.why(error).startswith(words)


async def test_a_host_that_is_away_is_named_with_its_port() -> None:
    there = f"127.0.0.1:{free_port()}"
    given = (f"http://{there}", "acme", "client", SECRET, ("scope",))
    tokens = ClientCredentials(*given, user_agent="Tests/v1 (Shiftwire)")
    with pytest.raises(Transient) as caught:
        await tokens.token()
    await tokens.close()
    assert f": no answer from {there}: " in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_so_is_the_api() -> None:
    there = f"127.0.0.1:{free_port()}"

    class Tokens:
        async def token(self, *, refresh: str | None = None) -> str:  # noqa: ARG002  # the interface
            return "token"

    async with Protime(f"http://{there}", "acme", "Tests/v1 (Shiftwire)", Tokens()) as client:
        with pytest.raises(Transient, match=f"no answer from {there}: Connection refused"):
            await client.get("people", 1)


@pytest.mark.parametrize(
    ("code", "words"), [("invalid_client", "client id and its secret"), ("invalid_scope", "every scope")]
)
def test_a_refused_client_is_told_what_to_check(code: str, words: str) -> None:
    error = errors.from_token_response(400, {}, f'{{"error": "{code}"}}'.encode())
    assert code in str(error)
    assert words in str(error)
    assert "no readable error" not in str(error)
