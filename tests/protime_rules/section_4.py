from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule("4.1-400", CLIENT | SIMULATOR, "A bad query or body is 400: the request itself is wrong."),
    Rule("4.1-401", CLIENT | SIMULATOR, "A missing or invalid token is 401."),
    Rule("4.1-403", CLIENT | SIMULATOR, "A missing scope is 403."),
    Rule("4.1-404", CLIENT | SIMULATOR, "What does not exist is 404."),
    Rule("4.1-409", CLIENT | SIMULATOR, "A conflict is 409."),
    Rule("4.1-410", CLIENT | SIMULATOR, "An expired delta is 410."),
    Rule("4.1-429", CLIENT | SIMULATOR, "Too many calls are 429."),
    Rule("4.1-500", CLIENT | SIMULATOR, "An internal error is 500 and passes."),
    Rule("4.1-503", CLIENT | SIMULATOR, "Maintenance is 503 and passes."),
    Rule(
        "4.1-any-success",
        CLIENT,
        "Any 2xx is a success: 200 or 204 for a deletion, 200 or 201 for an upsert.",
    ),
    Rule("4.2-wrapped", CLIENT | SIMULATOR, "An error is an object error with code and message."),
    Rule(
        "4.2-reasons",
        CLIENT | SIMULATOR,
        "The validation of a filter or a business rule adds reasons within the wrapper.",
    ),
    Rule(
        "4.2-model", CLIENT | SIMULATOR, "A missing field or unreadable JSON is answered without the wrapper."
    ),
    Rule(
        "4.2-items",
        CLIENT | SIMULATOR,
        "An item of validationErrors names a field and a message; nothing is decided by them.",
        choice=12,
    ),
    Rule(
        "4.2-codes",
        CLIENT | SIMULATOR,
        "A code is the reason phrase in PascalCase; nothing is decided by it.",
        choice=13,
    ),
    Rule(
        "4.2-pages", CLIENT | SIMULATOR, "A gateway answers with a page or nothing; the status says enough."
    ),
    Rule(
        "4.3-limit",
        CLIENT | SIMULATOR | PROCESSOR,
        "There is a limit of calls a minute for a client; the product keeps below it.",
        choice=14,
    ),
    Rule(
        "4.3-wait",
        CLIENT | SIMULATOR | PROCESSOR,
        "After a 429 or 503 everybody waits as long as Retry-After says.",
        choice=14,
    ),
    Rule("4.3-post-once", CLIENT, "A creation whose answer was lost is not sent again by itself."),
    Rule("4.3-look-first", PROCESSOR, "Before a creation is repeated it is looked for."),
)
