"""All rules. A new one is a new line in the file of its section."""

from __future__ import annotations

from types import MappingProxyType

from tests.protime_rules import (
    section_1,
    section_2,
    section_3,
    section_4,
    section_5,
    section_6,
    section_7,
    section_8,
    section_9,
    section_10,
    section_11,
)

SECTIONS = MappingProxyType(
    {
        "Addresses, versions, headers": section_1.RULES,
        "Authentication": section_2.RULES,
        "Reading": section_3.RULES,
        "Responses and errors": section_4.RULES,
        "Writing": section_5.RULES,
        "Deltas": section_6.RULES,
        "`changeVersion`": section_7.RULES,
        "Webhooks": section_8.RULES,
        "The collections": section_9.RULES,
        "External references": section_10.RULES,
        "Semantics": section_11.RULES,
    }
)

RULES = MappingProxyType({rule.id: rule for rules in SECTIONS.values() for rule in rules})
