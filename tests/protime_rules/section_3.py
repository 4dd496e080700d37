from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule("3.1-required", CLIENT | SIMULATOR, "A list that demands a filter is refused without it."),
    Rule("3.1-malformed", CLIENT | SIMULATOR, "What is not in the grammar is 400."),
    Rule("3.1-unknown-field", CLIENT | SIMULATOR, "A field that the collection does not filter by is 400."),
    Rule(
        "3.1-without", CLIENT | SIMULATOR, "Definitions, histories and catalogs are listed without a filter."
    ),
    Rule("3.2-operators", CLIENT | SIMULATOR, "The operators are eq, ge, le and in; there are no others."),
    Rule("3.2-texts", CLIENT | SIMULATOR, "Texts stand in single quotes."),
    Rule("3.2-dates", CLIENT | SIMULATOR, "Dates are texts of the form YYYY-MM-DD."),
    Rule("3.2-integers", CLIENT | SIMULATOR, "Integers are bare; a blank may follow a comma."),
    Rule("3.2-booleans", CLIENT | SIMULATOR, "Truth values are bare words."),
    Rule(
        "3.2-named-sets",
        CLIENT | SIMULATOR,
        "A set of people may be named: circle(2, 8), org-group(121,122).",
    ),
    Rule(
        "3.2-blank-before-set", CLIENT | SIMULATOR, "A blank may stand before the parenthesis of a named set."
    ),
    Rule("3.2-org-tree", SIMULATOR, "org-tree is an older word for org-group."),
    Rule("3.2-binding", CLIENT | SIMULATOR, "and binds tighter than or; parentheses change that."),
    Rule(
        "3.2-or",
        CLIENT | SIMULATOR,
        "or is for fields with several values; on a single or a range field it is 400.",
    ),
    Rule("3.2-kebab", CLIENT | SIMULATOR, "Composed field names are kebab-case."),
    Rule(
        "3.2-encoding",
        CLIENT | SIMULATOR,
        "A filter is percent-encoded in the query; quotes, parentheses and commas may stand as they are.",
    ),
    Rule("3.2-quote", CLIENT | SIMULATOR, "A quote within a text is doubled.", choice=4),
    Rule("3.2-case", CLIENT | SIMULATOR, "Keywords are lower case.", choice=5),
    Rule("3.3-date-required", CLIENT | SIMULATOR, "Every dated collection demands a date."),
    Rule(
        "3.3-assignments-from",
        CLIENT | SIMULATOR,
        "The date of an assignment is its first day: one that began before the window is not in it.",
    ),
    Rule("3.3-year", CLIENT | SIMULATOR, "A range of dates is a year at most, where the collection says so."),
    Rule(
        "3.3-open-range",
        CLIENT | SIMULATOR,
        "A range without an end is allowed, and the year does not count for it.",
        choice=7,
    ),
    Rule(
        "3.3-no-cap",
        CLIENT | SIMULATOR,
        "Assignments, paid presences and access clockings have no cap on the range.",
    ),
    Rule("3.3-person", CLIENT | SIMULATOR, "Dated collections and contracts may be filtered by person."),
    Rule("3.3-kind", CLIENT | SIMULATOR, "Clockings may be filtered by kind."),
    Rule(
        "3.3-counters",
        CLIENT | SIMULATOR,
        "Counters may be filtered by counter-definition and by one or more values of status.",
    ),
    Rule("3.3-people", CLIENT | SIMULATOR, "People need no filter and take person and named sets.", choice=6),
    Rule("3.3-definitions", CLIENT | SIMULATOR, "Definitions, histories and catalogs take no filter."),
    Rule("3.3-webhooks", CLIENT | SIMULATOR, "Webhooks may be filtered by collection-name and status."),
    Rule("3.4-envelope", CLIENT | SIMULATOR, "A page is an object with the records in value."),
    Rule("3.4-end", CLIENT | SIMULATOR, "Only a missing nextLink ends a list."),
    Rule("3.4-empty-pages", CLIENT | SIMULATOR, "An empty page is not the end."),
    Rule(
        "3.4-relative",
        CLIENT | SIMULATOR,
        "Links are relative to the host of the API and begin with /connector/protimeapi.",
    ),
    Rule(
        "3.4-unencoded",
        CLIENT | SIMULATOR,
        "Links come with raw blanks and quotes; the client encodes what a URL cannot hold.",
    ),
    Rule(
        "3.4-as-given",
        CLIENT | SIMULATOR,
        "A link is followed as it is: its query is neither rebuilt nor put in another order.",
    ),
    Rule("3.4-other-host", CLIENT, "A link to another host is refused."),
    Rule("3.4-token", SIMULATOR, "A paging token is base64 of JSON."),
    Rule(
        "3.4-page-size",
        CLIENT | SIMULATOR,
        "The server chooses the size of a page; there is no parameter for it.",
        choice=8,
    ),
    Rule(
        "3.4-expired",
        CLIENT | SIMULATOR | PROCESSOR,
        "An expired or invalid paging token is 409: the list begins again.",
        choice=9,
    ),
    Rule("3.5-uri", CLIENT | SIMULATOR, "A URI over 4,096 characters is 414."),
    Rule(
        "3.5-token-counts",
        CLIENT | SIMULATOR,
        "The paging token counts: a first page can work and the second be 414.",
    ),
    Rule(
        "3.5-split",
        CLIENT,
        "A long list of people is asked for in several URLs that leave room for the token.",
    ),
    Rule("3.6-order", SIMULATOR, "Lists are in the order of the ids; nobody relies on it.", choice=10),
    Rule("3.6-expand", SIMULATOR, "Activity definitions take expand=usage,restrictions."),
    Rule(
        "3.7-pairs",
        CLIENT | SIMULATOR,
        "externalReferences holds (collection,reference) pairs one after another.",
    ),
    Rule(
        "3.7-beside",
        CLIENT | SIMULATOR,
        "The references asked for stand beside the id of every reference to their collection.",
    ),
    Rule(
        "3.7-where",
        CLIENT | SIMULATOR,
        "They work on a single record, a list, the start of a delta and the creation of a webhook.",
    ),
    Rule("3.7-texts", SIMULATOR, "Their values are texts."),
    Rule("3.7-no-value", SIMULATOR, "An empty field is left out, and is no error."),
    Rule("3.7-invalid", CLIENT | SIMULATOR, "An invalid specification is 400."),
    Rule("3.8-by-id", CLIENT | SIMULATOR, "A record is read at its collection and id."),
    Rule(
        "3.8-by-reference",
        CLIENT | SIMULATOR,
        "People, contracts and definitions are also found by an external reference in the path; the client uses ids.",
        choice=11,
    ),
    Rule(
        "3.8-id-only",
        SIMULATOR,
        "Clockings, assignments, absences and access clockings are found by id only.",
    ),
)
