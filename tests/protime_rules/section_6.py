from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule("6.1-flag", CLIENT | SIMULATOR, "A delta begins with the list and a flag delta that has no value."),
    Rule("6.1-bare", CLIENT | SIMULATOR, "The records of the start are bare."),
    Rule(
        "6.1-last-page",
        CLIENT | SIMULATOR,
        "The last page of the start has a deltaLink in place of a nextLink.",
    ),
    Rule("6.1-empty-last-page", CLIENT | SIMULATOR, "That page is often empty, and need not be."),
    Rule("6.1-wrapped", CLIENT | SIMULATOR, "Later items are wrapped in changeType and data."),
    Rule("6.1-unpaged", CLIENT | SIMULATOR, "Later answers are one page, however much has changed."),
    Rule(
        "6.1-new-link",
        CLIENT | SIMULATOR | PROCESSOR,
        "Every answer brings a new link, an empty one too, and that one is used.",
    ),
    Rule("6.1-path", CLIENT | SIMULATOR, "The link leads to delta/{collection}?deltaToken=."),
    Rule("6.1-types", CLIENT | SIMULATOR, "A changeType is InsertOrUpdate or Delete."),
    Rule("6.1-delete", CLIENT | SIMULATOR, "The data of a Delete are changeVersion and id."),
    Rule(
        "6.1-72-hours",
        CLIENT | SIMULATOR | PROCESSOR,
        "A delta dies 72 hours after its last call: 410, and it begins anew.",
    ),
    Rule(
        "6.1-one",
        CLIENT | SIMULATOR,
        "One delta of a collection is active: a second one supersedes the first, or is refused with 409.",
        choice=20,
    ),
    Rule("6.1-one-puller", PROCESSOR, "Only one pull of a delta is under way at a time."),
    Rule("6.1-scope", SIMULATOR, "The collection's .read is enough for a delta."),
    Rule("6.2-token", CLIENT | SIMULATOR, "A delta token is base64 of JSON and passed back as it came."),
    Rule("6.3-date", CLIENT | SIMULATOR, "A delta of a dated collection demands a date with a start."),
    Rule("6.3-past", CLIENT | SIMULATOR, "The start lies in the past."),
    Rule("6.3-earliest", CLIENT | SIMULATOR | PROCESSOR, "The start is not before 1 January of last year."),
    Rule("6.3-year", CLIENT | SIMULATOR, "With an end the range is a year at most."),
    Rule("6.3-no-people", CLIENT | SIMULATOR, "People cannot be chosen in a delta."),
    Rule(
        "6.3-undated",
        CLIENT | SIMULATOR,
        "People, contracts, definitions and groups take no filter in a delta.",
    ),
    Rule(
        "6.3-leaving", SIMULATOR, "A record that leaves the window of a delta is a Delete in it.", choice=18
    ),
    Rule(
        "6.4-once",
        CLIENT | SIMULATOR,
        "External references are asked for at the start and kept for the life of the delta.",
    ),
    Rule("6.4-none", CLIENT, "Deltas of shift and break definitions carry none."),
    Rule(
        "6.5-collections",
        CLIENT | SIMULATOR,
        "Every collection with webhooks has a delta; histories, catalogs and webhooks have none.",
    ),
    Rule(
        "6.6-older-link",
        CLIENT | SIMULATOR | PROCESSOR,
        "An older link gives everything since then again: changes are safe before the new link is stored.",
        choice=19,
    ),
    Rule(
        "6.6-collapsed",
        SIMULATOR,
        "Several changes of a record come as its last state, in the order of the versions.",
        choice=21,
    ),
    Rule("6.6-malformed", CLIENT | SIMULATOR, "A malformed token is 400.", choice=22),
    Rule("6.6-meanwhile", SIMULATOR, "A change during the start is in the first answer after it."),
)
