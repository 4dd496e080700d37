"""What can go wrong at Protime, as one tree by what the caller can do.

    ProtimeError            anything; on its own: an answer nobody foresaw
    ├─ Transient            try again after `retry_after` seconds (None: by your own schedule)
    │  ├─ RateLimited       429: and slow down
    │  └─ Malformed         a success whose body cannot be read: a gateway answered in Protime's place
    │     └─ Endless        a list that leads back to itself, or on and on: begin it anew, not where it stood
    ├─ Unconfirmed          a POST that may have been carried out: look before repeating it, after `retry_after` seconds
    ├─ PermissionDenied     403, or 401 in spite of a new token: the scope is missing, trying again is no use
    ├─ AuthenticationFailed the token endpoint refuses the client: the configuration is wrong
    ├─ NotFound             404; with a body that is not Protime's, a gateway answered in its place: Transient
    ├─ Gone                 410: the delta expired, start it anew
    ├─ Conflict             409: the paging token expired or the resource moved: start from page one, or read again
    └─ Invalid              400 and other 4xx, or refused before sending: the request itself is wrong
       └─ UriTooLong        414

Which status is what is decided here and nowhere else (protime-api §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from workers.protime import error_body, no_answer, redaction, retry_after


class ProtimeError(Exception):
    """`status` is None when there was no answer. No attribute holds a token, a client secret or a webhook key."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str = "",
        reasons: Sequence[str] = (),
        validation_errors: Sequence[Any] = (),
        method: str = "",
        url: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.reasons = tuple(reasons)
        self.validation_errors = tuple(validation_errors)
        self.method = method
        self.url = url

    def __str__(self) -> str:
        answer = " ".join(str(part) for part in (self.status, self.code) if part)
        said = ": ".join(part for part in (f"{self.method} {self.url}".strip(), answer, self.message) if part)
        details = "; ".join([*self.reasons, *(_detail(item) for item in self.validation_errors)])
        return f"{said} ({details})" if details else said


class Transient(ProtimeError):
    def __init__(self, message: str = "", *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after


class RateLimited(Transient):
    pass


class Malformed(Transient):
    pass


class Endless(Malformed):
    pass


class Unconfirmed(ProtimeError):
    def __init__(self, message: str = "", *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after


class PermissionDenied(ProtimeError):
    pass


class AuthenticationFailed(ProtimeError):
    pass


class NotFound(ProtimeError):
    pass


class Gone(ProtimeError):
    pass


class Conflict(ProtimeError):
    pass


class Invalid(ProtimeError):
    pass


class UriTooLong(Invalid):
    pass


#: Characters, fit for a log line.
_MOST_TEXT = 500

_BY_STATUS: Mapping[int, type[ProtimeError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    408: Transient,
    409: Conflict,
    410: Gone,
    412: Conflict,
    414: UriTooLong,
    425: Transient,
    429: RateLimited,
    503: Transient,
}

#: Whoever says this has not let the request in: no token, too large, too early, or too many.
_STOPPED_AT_THE_DOOR = frozenset({401, 413, 414, 425, 429, 431})


#: What RFC 6749 §5.2 calls it, and where the server says no more, what to look at.
_TO_CHECK: Mapping[str, str] = {
    "invalid_client": "Check the client id and its secret, and that both are of this tenant",
    "invalid_scope": "Check that Protime granted this client every scope that is asked for",
}


def from_response(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str = "GET",
    url: str = "",
    now: datetime | None = None,
    secrets: Iterable[str] = (),
) -> ProtimeError:
    """The error an API answer stands for. Never raises; `now` (aware) serves a `Retry-After` that is a date.

    `secrets` are blanked out wherever the server repeats them.
    """
    kind = _kind(status, method, foreign=error_body.foreign(body))
    details = {"method": method, "url": redaction.address(url), **_said(body, tuple(secrets))}
    if issubclass(kind, Transient | Unconfirmed):
        details["retry_after"] = retry_after.seconds(_header(headers, "retry-after"), now)
    return kind(status=status, **details)


def from_token_response(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    url: str = "",
    now: datetime | None = None,
    secrets: Iterable[str] = (),
) -> ProtimeError:
    """The same for the token endpoint, where 4xx means a wrong configuration (CHOICE-02), and repeating does no harm."""
    if 400 <= status < 500 and not issubclass(_kind(status, "GET", foreign=False), Transient):
        details = _said(body, tuple(secrets))
        details["message"] = details["message"] or _TO_CHECK.get(details["code"], "")
        return AuthenticationFailed(status=status, method="POST", url=redaction.address(url), **details)
    error = from_response(status, headers, body, url=url, now=now, secrets=secrets)
    error.method = "POST"
    return error


def unanswered(reason: str, *, sent: bool, method: str, url: str) -> ProtimeError:
    """The error for a request without an answer; `sent`: Protime may have received it."""
    kind = Unconfirmed if sent and method == "POST" else Transient
    return kind(f"no answer from {no_answer.host(url)}: {reason}", method=method, url=redaction.address(url))


def _kind(status: int, method: str, *, foreign: bool) -> type[ProtimeError]:
    """`foreign`: the body is not Protime's, so something in between answered for it."""
    if method == "POST" and _in_doubt(status, foreign=foreign):
        return Unconfirmed
    if status == 404 and foreign:
        return Transient
    if known := _BY_STATUS.get(status):
        return known
    if status >= 500:
        return Transient
    return Invalid if status >= 400 else ProtimeError


def _in_doubt(status: int, *, foreign: bool) -> bool:
    """Whether a request with this answer may have been carried out: what stands in between often does not know itself.

    Protime redirects nobody: such an answer is somebody else's, whatever its body is.
    """
    told_by_another = foreign or status < 400
    return status not in _STOPPED_AT_THE_DOOR and (told_by_another or status == 408 or status >= 500)


def _said(body: bytes, secrets: Iterable[str]) -> dict[str, Any]:
    """What the server says about the error, as arguments of ProtimeError."""
    found = error_body.parse(body)
    said = found.code or found.reasons or found.validation_errors
    return {
        "message": _shown(found.message, secrets) or ("" if said else "no readable error in the answer"),
        "code": _shown(found.code, secrets),
        "reasons": [_shown(reason, secrets) for reason in found.reasons],
        "validation_errors": [redaction.clean(item, secrets) for item in found.validation_errors],
    }


def _shown(value: str, secrets: Iterable[str]) -> str:
    return redaction.text(value, secrets)[:_MOST_TEXT]


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)


def _detail(item: object) -> str:
    if isinstance(item, dict):
        return ": ".join(str(value) for value in item.values())
    return str(item)
