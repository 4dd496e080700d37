from __future__ import annotations

from tests.protime_rules.rule import CLIENT, SIMULATOR, Rule

RULES = (
    Rule(
        "2.1-request",
        CLIENT | SIMULATOR,
        "A token is asked for by a form at /tenants/{tenant}/connect/token.",
    ),
    Rule("2.1-grant-type", CLIENT | SIMULATOR, "The only grant is client_credentials."),
    Rule(
        "2.1-credentials",
        CLIENT | SIMULATOR,
        "Client id and secret stand in the form; whatever is in the secret survives it.",
    ),
    Rule(
        "2.1-scope-list",
        CLIENT | SIMULATOR,
        "The scopes are one text, parted by blanks that are encoded as + or %20.",
    ),
    Rule(
        "2.2-answer",
        SIMULATOR,
        "The answer holds a JWT, its life in seconds, the type Bearer and the granted scopes.",
    ),
    Rule("2.2-life", CLIENT | SIMULATOR, "The life of a token is the one in the answer, no fixed number."),
    Rule("2.2-granted", CLIENT, "Scopes that were asked for and not granted are noticed."),
    Rule(
        "2.2-tenant",
        CLIENT | SIMULATOR,
        "Tokens belong to one tenant; another tenant's endpoint is another address.",
    ),
    Rule(
        "2.2-one-token",
        CLIENT,
        "One token serves its whole life, however many calls and processes there are.",
    ),
    Rule(
        "2.2-expired",
        CLIENT | SIMULATOR,
        "An expired or revoked token is 401; the call is repeated with a new one.",
    ),
    Rule("2.2-no-refresh-token", SIMULATOR, "There is no refresh token."),
    Rule(
        "2.2-errors",
        CLIENT | SIMULATOR,
        "The token endpoint refuses as RFC 6749 says: 400 with an error word. That is a wrong configuration.",
        choice=2,
    ),
    Rule(
        "2.2-trouble", CLIENT | SIMULATOR, "429 and 5xx of the token endpoint pass by themselves.", choice=2
    ),
    Rule("2.3-names", CLIENT | SIMULATOR, "A scope is connector-protimeapi-<collection>.read or .write."),
    Rule(
        "2.3-read-write",
        CLIENT | SIMULATOR,
        "Reading needs .read; creating, changing and deleting need .write.",
    ),
    Rule(
        "2.3-one-scope",
        SIMULATOR,
        "One scope opens the list, the single record and the delta of its collection.",
    ),
    Rule("2.3-read-only", CLIENT | SIMULATOR, "A read-only collection has no .write scope."),
    Rule("2.3-paid-presences", CLIENT | SIMULATOR, "calculated-totals.read also opens paid-presences."),
    Rule(
        "2.3-histories",
        CLIENT | SIMULATOR,
        "Histories are opened by people-historical-data.read or people.read.",
    ),
    Rule(
        "2.3-webhooks",
        CLIENT | SIMULATOR,
        "Creating a webhook needs webhooks.write and the collection's .read; all that any page names is asked for.",
        choice=3,
    ),
    Rule(
        "2.3-missing-scope",
        CLIENT | SIMULATOR,
        "A valid token without the scope is 403: a missing permission, and no new token is fetched for it.",
    ),
    Rule(
        "2.3-401-once",
        CLIENT,
        "A 401 is answered with one new token; when it stays it is a missing permission.",
    ),
)
