"""Reads the error bodies of the API: wrapped, wrapped with reasons, bare with validation errors, or no JSON at all.

    {"error": {"code": "…", "message": "…", "reasons": ["…"]}}            ordinary and controller validation
    {"code": "…", "message": "…", "validationErrors": [{…}]}              model validation: no wrapper
    {"error": "invalid_client", "error_description": "…"}                 the token endpoint (RFC 6749 §5.2)

Gateways answer with pages or nothing; the item shape of `validationErrors` is not documented (CHOICE-12).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from workers.protime.not_json import NOT_JSON

_MOST_ITEMS = 20
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})</title>", re.IGNORECASE)


class ErrorBody(msgspec.Struct, frozen=True):
    """All as it came, of any length: what is shown of it is cut when its secrets are gone, for half a secret is not found."""

    code: str = ""
    message: str = ""
    reasons: tuple[str, ...] = ()
    validation_errors: tuple[Any, ...] = ()


def parse(body: bytes) -> ErrorBody:
    """Never raises: what cannot be read gives an empty `ErrorBody`, a page gives its title as the message."""
    try:
        found = msgspec.json.decode(body)
    except NOT_JSON:
        return ErrorBody(message=_title(body))
    return _from_object(found) if isinstance(found, dict) else ErrorBody()


def foreign(body: bytes) -> bool:
    """Whether somebody else than Protime says this: a page, or JSON that says nothing in the words of any API.

    Nothing at all may come from Protime: not all of its errors are said to have a body (protime-api §4.2). `title` and
    `detail` are RFC 9457's: a release of Protime that speaks it is not a gateway.
    """
    if not body.strip():
        return False
    try:
        found = msgspec.json.decode(body)
    except NOT_JSON:
        return True
    if not isinstance(found, dict):
        return True
    said = _from_object(found)
    return not any((said.code, said.message, found.get("title"), found.get("detail")))


def _from_object(found: dict[str, Any]) -> ErrorBody:
    inner = found.get("error")
    if isinstance(inner, str):
        return ErrorBody(code=_text(inner), message=_text(found.get("error_description")))
    details = inner if isinstance(inner, dict) else found
    return ErrorBody(
        code=_text(details.get("code")),
        message=_text(details.get("message")),
        reasons=tuple(_text(reason) for reason in _items(details.get("reasons"))),
        validation_errors=_items(details.get("validationErrors")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _items(value: object) -> tuple[Any, ...]:
    return tuple(value[:_MOST_ITEMS]) if isinstance(value, list) else ()


def _title(body: bytes) -> str:
    found = _TITLE.search(body[:10_000].decode("utf-8", "replace"))
    return found[1].strip() if found else ""
