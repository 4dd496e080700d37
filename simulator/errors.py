"""The three error bodies of the Protime API and the exceptions that lead to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

# Where the code is not simply the PascalCase of the reason phrase (CHOICE-13).
CODES = {414: "UriTooLong"}
Violations = Sequence[tuple[str, str]]


class ApiError(Exception):
    """An answer other than success; `reasons` and `validation` choose among the three bodies."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reasons: Sequence[str] = (),
        validation: Violations = (),
        headers: Mapping[str, str] | None = None,
        html: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reasons = reasons
        self.validation = validation
        self.headers = dict(headers or {})
        self.html = html

    def body(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"code": code(self.status), "message": self.message}
        if self.validation:
            # Model validation comes without the `error` wrapper; the shape of an item is CHOICE-12.
            return {
                **plain,
                "validationErrors": [{"field": name, "message": text} for name, text in self.validation],
            }
        return {"error": {**plain, "reasons": list(self.reasons)} if self.reasons else plain}


class ScopeMissing(ApiError):
    """A valid token does not allow this; the status is decided by `Settings.missing_scope_status`."""


def code(status: int) -> str:
    """PascalCase of the reason phrase: 404 -> `NotFound`."""
    if status in CODES:
        return CODES[status]
    phrase = next((known.phrase for known in HTTPStatus if known == status), f"Status {status}")
    return "".join(word.capitalize() for word in phrase.replace("-", " ").split())


def refused(*reasons: str) -> ApiError:
    """400 of a controller: a bad filter or a broken business rule."""
    return ApiError(400, "The request was invalid", reasons=reasons)


def malformed(*violations: tuple[str, str]) -> ApiError:
    """400 of model validation: a missing field, a wrong type, unreadable JSON."""
    return ApiError(400, "The request was invalid", validation=violations)


def not_found() -> ApiError:
    return ApiError(404, "The resource was not found")


async def render(_request: Request, error: Exception) -> Response:
    """Exception handler of the application, for ApiError and for the router's own 404 and 405."""
    if isinstance(error, HTTPException):
        error = ApiError(error.status_code, error.detail, headers=error.headers)
    assert isinstance(error, ApiError)  # noqa: S101 - narrows the type of Starlette's handlers
    if error.html:
        title = HTTPStatus(error.status).phrase
        return HTMLResponse(f"<html><body><h1>{title}</h1></body></html>", error.status, error.headers)
    content = msgspec.json.encode(error.body())
    return Response(content, error.status, error.headers, media_type="application/json")


async def hung_up(_request: Request, _error: Exception) -> Response:
    """Exception handler for a caller that left in the middle of its own body: nobody reads the answer."""
    return Response(status_code=400)
