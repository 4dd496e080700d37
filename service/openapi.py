"""The OpenAPI document of the HTTP surface, for generators of clients and for people."""

from __future__ import annotations

from functools import cache
from typing import Any

from service import __version__
from service.event_schemas import event_schemas
from service.openapi_parts import SCHEMES
from service.openapi_paths import paths


@cache
def openapi() -> dict[str, Any]:
    """OpenAPI 3.1, whole in itself: nothing in it refers to another document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shiftwire",
            "summary": "Every schedule change in Protime, delivered.",
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths(),
        "components": {"schemas": event_schemas(), "securitySchemes": SCHEMES},
    }
