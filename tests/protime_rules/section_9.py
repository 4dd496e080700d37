from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule(
        "9-absent",
        SIMULATOR | PROCESSOR,
        "A property without a value is left out; null means the same.",
        choice=38,
    ),
    Rule(
        "9.1-body", CLIENT | SIMULATOR, "An assignment is written and read with the properties of its page."
    ),
    Rule("9.1-required", CLIENT | SIMULATOR, "person, from and activityLevels are required."),
    Rule("9.1-optional", CLIENT | SIMULATOR, "until, the minutes, the break and the comments may be absent."),
    Rule("9.1-types", CLIENT | SIMULATOR, "A property of another type is refused with its name."),
    Rule("9.1-minutes", CLIENT | SIMULATOR, "Start and end lie between -1440 and 2880."),
    Rule(
        "9.1-levels",
        CLIENT | SIMULATOR,
        "An activity level has a level and an activity definition, both required.",
    ),
    Rule("9.1-rejected", CLIENT | SIMULATOR, "isRejected is read-only."),
    Rule(
        "9.1-order", CLIENT | SIMULATOR, "The end is not before the start, until not before from.", choice=39
    ),
    Rule("9.1-put-unknown", SIMULATOR, "A PUT of an unknown id is 404."),
    Rule("9.1-delete-bad", CLIENT | SIMULATOR, "A DELETE of a bad id is 400, not 404."),
    Rule(
        "9.1-planning-flex",
        CLIENT | SIMULATOR,
        "With Planning Flex or Shift the assignments are closed: 403.",
    ),
    Rule("9.2-body", CLIENT | SIMULATOR, "A clocking is written and read with the properties of its page."),
    Rule("9.2-required", CLIENT | SIMULATOR, "person, date, timeOfDayInMinutes and kind are required."),
    Rule("9.2-kinds", CLIENT | SIMULATOR, "A kind is InOut, Reason, Activity or ActivityEnd."),
    Rule("9.2-minutes", CLIENT | SIMULATOR, "The time lies between -1440 and 2880."),
    Rule(
        "9.2-only-for", CLIENT | SIMULATOR, "reason and isOpen are for Reason, activityLevels for Activity."
    ),
    Rule("9.2-geolocation", CLIENT | SIMULATOR, "Coordinates are numbers; texts of numbers are accepted."),
    Rule("9.2-calculated", SIMULATOR, "Protime adds calculatedTimeOfDayInMinutes, isGenerated and status."),
    Rule("9.2-original", SIMULATOR, "originalTimeOfDayInMinutes is there only when the time was corrected."),
    Rule(
        "9.2-removal",
        SIMULATOR | PROCESSOR,
        "A removed clocking comes as a Delete or with the status Deleted; both are a removal.",
    ),
    Rule("9.3-read-only", SIMULATOR, "People can be read, not written."),
    Rule("9.3-properties", SIMULATOR, "A person has the properties of its page."),
    Rule("9.3-personal", PROCESSOR, "Personal data are let through by an allow-list only."),
    Rule(
        "9.4-properties",
        SIMULATOR,
        "An absence has its person, one date, definitions, status and approval level of their enumerations.",
    ),
    Rule("9.5-texts", SIMULATOR, "The name of a definition is an object with a default and translations."),
    Rule("9.5-properties", SIMULATOR, "Definitions have the properties of their pages."),
    Rule("9.5-absence-groups", SIMULATOR, "An absence group has a name.", choice=40),
    Rule(
        "9.5-no-references",
        CLIENT,
        "Events of counter groups, shift and break definitions carry no external references.",
    ),
    Rule(
        "9.6-daily",
        SIMULATOR,
        "Calculated and registered records have one person and one date, and the properties of their pages.",
    ),
    Rule("9.6-access-minutes", SIMULATOR, "Access clockings have a time of 0 to 1439 on the real date."),
    Rule("9.6-contracts", SIMULATOR, "A contract has a person, a period and a kind, and no date."),
    Rule("9.7-histories", SIMULATOR, "A history names a person, a period and its category."),
    Rule("9.7-no-webhooks", SIMULATOR, "Histories and catalogs have no webhooks."),
    Rule("9.8-path", SIMULATOR, "Activity definitions lie below a structure version and a level."),
    Rule(
        "9.8-properties",
        SIMULATOR,
        "An activity definition has a GUID, its level, a name and a data entry code of at most 16 characters.",
    ),
    Rule("9.7-person", SIMULATOR, "The history of one person can be read."),
    Rule(
        "9.8-code",
        SIMULATOR,
        "A data entry code has at most 16 characters and is unique within structure and level.",
    ),
    Rule(
        "9.8-code-required",
        SIMULATOR,
        "The code is required or made by itself; left out where it is required it is 400.",
    ),
    Rule("9.8-parent", SIMULATOR, "The parent is given at the creation and stays."),
    Rule("9.8-usages", SIMULATOR, "A new usage is answered with 200, not 201."),
    Rule("9.8-overlap", SIMULATOR, "Periods of the same definition, kind and reference do not overlap."),
    Rule("9.8-write", SIMULATOR, "Definitions are read and written under scopes of their own."),
)
