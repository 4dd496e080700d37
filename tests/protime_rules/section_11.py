from __future__ import annotations

from tests.protime_rules.rule import PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule(
        "11.1-minutes",
        PROCESSOR,
        "Minutes count from midnight of the record's own date; negative is the day before, 2880 the end of the next.",
    ),
    Rule(
        "11.1-wall-clock",
        PROCESSOR,
        "They are wall-clock time of the tenant, over both changes of the clock.",
    ),
    Rule("11.1-raw", PROCESSOR, "Date and minutes are passed on as they came."),
    Rule(
        "11.1-overnight",
        SIMULATOR | PROCESSOR,
        "The date of a clocking may come back as another one, its minutes moved with it: the same moment.",
    ),
    Rule("11.1-wider", PROCESSOR, "To find real times a filter on the date is a day wider on both sides."),
    Rule(
        "11.1-several-days",
        PROCESSOR,
        "An assignment over several days ends on its last; one without an end has none.",
    ),
    Rule("11.2-fan-out", SIMULATOR, "One clocking changes the totals, presences and counters of its day."),
    Rule("11.2-serial", PROCESSOR, "The changes of a record are taken one after another, in their order."),
    Rule("11.2-coalesce", PROCESSOR, "Pending changes of a record may become its newest state."),
    Rule("11.3-shift", SIMULATOR, "Calculated totals name the final shift."),
    Rule(
        "11.4-reconcile",
        PROCESSOR,
        "A missing event looks like silence: lists are compared with what is known, regularly.",
    ),
    Rule(
        "11.4-own-failure",
        PROCESSOR,
        "A change that cannot be read is kept with its reason and blocks nobody.",
    ),
)
