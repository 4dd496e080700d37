from __future__ import annotations

from tests.protime_rules.rule import CLIENT, SIMULATOR, Rule

RULES = (
    Rule("5-create", CLIENT | SIMULATOR, "POST answers 201 with a Location; the id is its last part."),
    Rule("5-update", CLIENT | SIMULATOR, "PUT answers 200; a body in the answer is optional."),
    Rule(
        "5-complete", CLIENT, "A PUT holds every property that can be written: what was read is written back."
    ),
    Rule(
        "5-read-only",
        CLIENT | SIMULATOR,
        "Read-only properties in a body are ignored; the client leaves them out.",
    ),
    Rule("5-omitted", CLIENT | SIMULATOR, "A property left out of a PUT is cleared.", choice=15),
    Rule("5-delete", CLIENT | SIMULATOR, "DELETE answers 200 or 204."),
    Rule("5-gone", CLIENT | SIMULATOR, "What was deleted is 404."),
    Rule("5-reference-by-id", CLIENT | SIMULATOR, "A reference in a body is an object with an id."),
    Rule("5-reference-by-name", CLIENT | SIMULATOR, "Or with external references."),
    Rule(
        "5-contradiction",
        CLIENT | SIMULATOR,
        "An id and a reference that contradict each other are 400.",
        choice=16,
    ),
    Rule("5-dangling", CLIENT | SIMULATOR, "A reference to nothing is 400 with reasons, not 404.", choice=17),
    Rule(
        "5-who",
        CLIENT | SIMULATOR,
        "Assignments, clockings, activity definitions, external references and webhooks can be written, nothing else.",
    ),
    Rule("5-clockings", SIMULATOR, "Clockings are created, neither changed nor deleted."),
    Rule(
        "5-upsert",
        SIMULATOR,
        "A PUT at a reference that nothing has creates it: 201; the next one changes it: 200.",
    ),
)
