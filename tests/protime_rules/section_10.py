from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule(
        "10-predefined",
        CLIENT | SIMULATOR,
        "A predefined name starts with @ and is one of those of its collection.",
    ),
    Rule("10-custom", CLIENT | SIMULATOR, "A custom name has no @ and may be any."),
    Rule(
        "10-accepted",
        CLIENT | SIMULATOR,
        "A collection takes references to the collections of its page only.",
    ),
    Rule("10-people-key", PROCESSOR, "The id of a person is the key; references are attributes."),
    Rule(
        "10-manage",
        SIMULATOR,
        "Custom references are pairs of name and value that the third party writes, under external-references.write.",
    ),
    Rule("10-unique", SIMULATOR, "A value is unique within its collection."),
    Rule("10-own-fields", SIMULATOR, "Predefined references are fields of Protime and not written there."),
)
