"""Absences, one record per day. Only `approvalLevel` tells whether one is approved; `status` tells how it was registered."""

from __future__ import annotations

from workers.changes.rules import (
    becomes,
    ceases,
    differs,
    grew,
    is_one_of,
    is_set,
    reassigned,
    refers_elsewhere,
    replaced,
    shrank,
)
from workers.changes.span_rules import moved_to_other_day, start_moved
from workers.changes.vocabulary import Vocabulary

_awaiting = is_one_of("approvalLevel", "AwaitingApproval")
_approved = is_one_of("approvalLevel", "Approved")
_refused = is_one_of("approvalLevel", "NotApproved", "NotApprovedByPriorities", "NotApprovedByCalculations")
_locked = is_set("isLocked")

ABSENCES = Vocabulary(
    arrives={"requested": _awaiting, "approved": _approved, "refused": _refused},
    updates={
        "requested": becomes(_awaiting),
        "approved": becomes(_approved),
        "refused": becomes(_refused),
        "rescheduled": start_moved,
        "moved_to_other_day": moved_to_other_day,
        # A whole day has a duration without a start.
        "lengthened": grew("durationInMinutes"),
        "shortened": shrank("durationInMinutes"),
        "reassigned": reassigned,
        # The resulting definition may appear with the approval only: that alone is no other type.
        "type_changed": replaced("requestedAbsenceDefinition", "resultingAbsenceDefinition"),
        "day_part_changed": differs("dayPart"),
        "shift_changed": refers_elsewhere("shiftDefinition"),
        "locked": becomes(_locked),
        "unlocked": ceases(_locked),
        "recalculated": differs("calculatedDurationInMinutes"),
    },
    leaves={"withdrawn": _awaiting, "cancelled": _approved},
)
