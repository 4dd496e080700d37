"""The routes of operators in OpenAPI's words."""

from __future__ import annotations

from service.openapi_parts import (
    EVENT_ID,
    SECURITY,
    TEXT,
    Part,
    answer,
    error,
    guarded,
    in_query,
    later,
)
from service.replay_bodies import CANCEL, ORDER, REQUIRED, Form

_COUNT: Part = {"type": "integer", "minimum": 0}
_TIME: Part = {"type": ["string", "null"], "format": "date-time"}


def admin_paths() -> Part:
    return {
        "/admin/replays": {"get": _replays()},
        "/admin/replay": {"post": _order()},
        "/admin/replay/cancel": {"post": _cancel()},
    }


def _replays() -> Part:
    several: Part = {"type": "array", "items": TEXT}
    listed: Part = {"type": "array", "items": _replay()}
    found: Part = {"type": "object", "required": ["replays"], "properties": {"replays": listed}}
    return {
        "operationId": "listReplays",
        "summary": "The newest replays, of each sink and record, oldest first",
        "security": SECURITY,
        "parameters": [in_query("sink", "Only of this sink. May be repeated.", several)],
        "responses": guarded(
            {"200": answer("How far they are.", found), "400": error("The query makes no sense.")}
        ),
    }


def _order() -> Part:
    known = {
        "200": answer("A dry run: nothing was delivered.", _estimate()),
        "202": answer("Ordered; workers deliver it behind live traffic.", _replay()),
        "409": error("A replay to this sink is under way, or the log holds nothing."),
        "422": error("Not a replay: each mistake in a line. Or the log is too long to be counted here."),
        "503": later("The store does not answer now, or another replay is being counted."),
    }
    return _acting("orderReplay", "Events of the log once more, to one sink", "order", ORDER, known)


def _cancel() -> Part:
    known = {
        "200": answer("Cancelled; what it has delivered stays.", _replay()),
        "404": error("No such replay is under way to this sink."),
        "422": error("Not a replay to cancel: each mistake in a line."),
    }
    return _acting("cancelReplay", "Ends a replay that is under way", "cancel", CANCEL, known)


def _acting(name: str, summary: str, what: str, form: Form, known: Part) -> Part:
    """A route with a JSON body, for operators."""
    properties = {field: {**kind.schema, "description": text} for field, (kind, text) in form.items()}
    body: Part = {"type": "object", "required": REQUIRED[what], "properties": properties}
    refusals = {
        "400": error("The body is no JSON object."),
        "403": error("The token is the viewer's. Or none is configured, and this is another machine."),
        "408": error("The body did not arrive in time."),
        "413": error("The body is too large."),
        "415": error("The body is not sent as application/json."),
    }
    return {
        "operationId": name,
        "summary": summary,
        "security": SECURITY,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body | {"additionalProperties": False}}},
        },
        "responses": guarded(refusals | known),
    }


def _estimate() -> Part:
    properties: Part = {
        "confirmed": {"const": False},
        "events": _COUNT | {"description": "So many would be delivered."},
        "by_type": {"type": "object", "additionalProperties": _COUNT},
        "filtered": _COUNT | {"description": "So many the sink's filter does not want."},
        "overtaken": _COUNT | {"description": "So many are older than what the sink got."},
        "oldest": _TIME,
        "newest": _TIME,
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _replay() -> Part:
    outcomes = dict.fromkeys(("delivered", "filtered", "skipped", "failed"), _COUNT)
    properties: Part = {
        "confirmed": {"const": True},
        "id": TEXT,
        "sink": TEXT,
        "state": {"enum": ["running", "done", "cancelled"]},
        "ordered": {"type": "string", "format": "date-time"},
        "ended": _TIME,
        "conditions": {"type": "object", "description": "What was asked for; times in UTC."},
        "force": {"type": "boolean"},
        "total": _COUNT | {"description": "Events of the log in its way."},
        "looked_at": _COUNT | {"description": "So many of them are behind it."},
        **outcomes,
        "waits_for": {"type": ["string", "null"], "description": "Why it pauses."},
        "report": {"type": "array", "items": _line(), "description": "The first that were not delivered."},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _line() -> Part:
    outcome: Part = {"enum": ["skipped", "failed"]}
    properties = {"id": TEXT | {"description": EVENT_ID}, "outcome": outcome, "reason": TEXT}
    return {"type": "object", "required": list(properties), "properties": properties}
