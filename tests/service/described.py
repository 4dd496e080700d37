"""The OpenAPI document as a source of requests, and as what their answers are held against."""

from __future__ import annotations

import json
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.openapi import openapi

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
]
_SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(openapi())))
#: By "METHOD path".
OPERATIONS: dict[str, Any] = {found.ok().label: found.ok() for found in _SCHEMA.get_all_operations()}


def needs_a_token(operation: Any) -> bool:
    return bool(operation.definition.raw["security"])


def made(operation: Any) -> st.SearchStrategy[Case]:
    """Requests that the document allows and, where there are any, others."""
    modes = list(GenerationMode) if _can_be_wrong(operation) else [GenerationMode.POSITIVE]
    return st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])


def prepared(http: requests.Session, case: Case, url: str) -> requests.PreparedRequest:
    """The request, without the token that the document makes the tool think of."""
    request = http.prepare_request(requests.Request(**case.as_transport_kwargs(url)))
    request.headers.pop("authorization", None)
    return request


def checked(http: requests.Session, case: Case, request: requests.PreparedRequest) -> int:
    """The status of the answer, which was held against the document. Raises the failures.

    A stream of events has no end, and its body is not read.
    """
    with http.send(request, stream=True, timeout=20, allow_redirects=False) as answer:
        endless = answer.headers.get("content-type", "").startswith("text/event-stream")
        seen = Response(
            status_code=answer.status_code,
            headers={name.lower(): [text] for name, text in answer.headers.items()},
            content=b"" if endless else answer.content,
            request=request,
            elapsed=answer.elapsed.total_seconds(),
            verify=False,
        )
        case.validate_response(seen, checks=CHECKS)
    return answer.status_code


def _can_be_wrong(operation: Any) -> bool:
    """Whether there are requests against the document: any text is a name in a path, and any JSON a notification."""
    named = [
        p for p in operation.iter_parameters() if p.location != "path" or "enum" in p.definition["schema"]
    ]
    return bool(named or any(body.definition["schema"] for body in operation.body))
