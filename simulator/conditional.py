"""Conditional reads: every answer has an ETag, and `If-None-Match` with that one is answered by 304."""

from __future__ import annotations

import zlib

from starlette.requests import Request
from starlette.responses import Response


def etag(content: bytes) -> str:
    return f'"{zlib.crc32(content):08x}"'


def conditional(request: Request, content: bytes, basis: bytes | None = None) -> Response:
    """Answer with JSON, or 304 without a body. `basis`: what the ETag is made of, if not of all the content."""
    tag = etag(content if basis is None else basis)
    if tag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(content, 200, {"ETag": tag}, media_type="application/json")


def _tags(header: str) -> set[str]:
    """The tags of the header; If-None-Match compares weakly (RFC 9110, 13.1.2)."""
    return {part.strip().removeprefix("W/") for part in header.split(",")}
