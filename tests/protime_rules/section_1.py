from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule(
        "1.1-api-base",
        CLIENT | SIMULATOR,
        "The API of a tenant lies under /connector/protimeapi/api/v1 on the tenant's host.",
    ),
    Rule("1.1-two-hosts", CLIENT, "Tokens come from a host of their own, set apart from the API's."),
    Rule("1.1-discovery", SIMULATOR, "The discovery document of a tenant names its token endpoint."),
    Rule("1.2-unknown-properties", CLIENT | PROCESSOR, "Properties that nobody knows yet are no error."),
    Rule(
        "1.2-unknown-values", CLIENT | PROCESSOR, "Values that an enumeration did not have yet are no error."
    ),
    Rule("1.3-names", SIMULATOR, "Collections are kebab-case plurals, properties camelCase."),
    Rule(
        "1.3-ids",
        CLIENT | SIMULATOR,
        "Ids are integers; those of activity definitions and webhooks are GUIDs.",
    ),
    Rule("1.4-bearer", CLIENT | SIMULATOR, "Every call carries an access token as Bearer."),
    Rule(
        "1.4-user-agent",
        CLIENT | SIMULATOR,
        "Every call names the service as ServiceName/Version (Company Name).",
        choice=1,
    ),
    Rule(
        "1.4-json",
        CLIENT | SIMULATOR,
        "Calls ask for JSON; bodies, in both directions, say that they are JSON.",
    ),
    Rule("1.4-etag", SIMULATOR, "A record is answered with an ETag."),
    Rule(
        "1.4-if-none-match",
        SIMULATOR,
        "An unchanged record asked for with If-None-Match is 304 without a body.",
    ),
    Rule("1.4-if-match", CLIENT | SIMULATOR, "A write with the If-Match of an older state is 409, not 412."),
    Rule(
        "1.4-location",
        CLIENT | SIMULATOR,
        "A creation answers with a relative Location whose last part is the id.",
    ),
    Rule("1.4-retry-after", CLIENT | SIMULATOR, "Retry-After gives seconds; a date is understood as well."),
)
