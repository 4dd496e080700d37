"""Planned work. Every word is about planning: an update of something else has none."""

from __future__ import annotations

from workers.changes.activity_rules import activity_changed
from workers.changes.rules import becomes, ceases, differs, is_set, reassigned
from workers.changes.span_rules import lengthened, moved_to_other_day, rescheduled, shortened
from workers.changes.vocabulary import Vocabulary

_rejected = is_set("isRejected")  # older pages do not have the property

ASSIGNMENTS = Vocabulary(
    arrives={"planned": lambda _: True, "rejected": _rejected},
    arrived="planned",
    updates={
        "rescheduled": rescheduled,
        "moved_to_other_day": moved_to_other_day,
        "lengthened": lengthened,
        "shortened": shortened,
        "reassigned": reassigned,
        "break_changed": differs("breakDurationInMinutes"),
        "activity_changed": activity_changed,
        "comment_changed": differs("comments"),
        "rejected": becomes(_rejected),
        "reinstated": ceases(_rejected),
    },
    updated="",
    departed="cancelled",
)
