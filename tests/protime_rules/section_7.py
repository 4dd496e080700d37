from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule("7-present", CLIENT | SIMULATOR, "Every record that changes has a changeVersion, a text."),
    Rule("7-shape", SIMULATOR, "It is 20 upper-case hexadecimal digits."),
    Rule("7-rises", SIMULATOR, "Each change of a record has a larger one, compared as text."),
    Rule("7-older", PROCESSOR, "A change older than what is known of the same record is ignored."),
    Rule("7-ordinal", PROCESSOR, "Versions are compared as texts, never as numbers."),
    Rule("7-same-record", PROCESSOR, "Only versions of the same record are compared."),
    Rule("7-not-an-id", PROCESSOR, "A version is not unique: an event's id also names its record."),
    Rule("7-equal", PROCESSOR, "An equal version is a duplicate.", choice=23),
    Rule(
        "7-tombstone",
        SIMULATOR | PROCESSOR,
        "A Delete has a version too; a late, older update never brings the record back.",
    ),
    Rule("7-return", PROCESSOR, "A newer update over a delete is taken: the record is back.", choice=24),
    Rule("7-absent", CLIENT | PROCESSOR, "A record without a version is taken as it arrives."),
)
