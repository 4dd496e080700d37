"""What people clock. The event `time` is when it was learned; when it was clocked stands in `start`."""

from __future__ import annotations

from workers.changes.activity_rules import activity_changed
from workers.changes.rules import differs, is_one_of, reassigned, refers_elsewhere
from workers.changes.span_rules import moved_to_other_day, start_moved
from workers.changes.vocabulary import Vocabulary

CLOCKINGS = Vocabulary(
    arrives={
        "clocked_in_out": is_one_of("kind", "InOut"),
        "reason_clocked": is_one_of("kind", "Reason"),
        "activity_started": is_one_of("kind", "Activity"),
        "activity_ended": is_one_of("kind", "ActivityEnd"),
    },
    arrived="clocked",  # Protime adds values to its enums within a version
    updates={
        "corrected": start_moved,
        "moved_to_other_day": moved_to_other_day,
        "reassigned": reassigned,
        "kind_changed": differs("kind"),
        "reason_changed": refers_elsewhere("reason"),
        "activity_changed": activity_changed,
        "recalculated": differs("calculatedTimeOfDayInMinutes"),
    },
    updated="",
    departed="removed",
)
