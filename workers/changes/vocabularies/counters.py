"""What was counted for a person on a day: hours or instances of a counter definition."""

from __future__ import annotations

from workers.changes.rules import becomes, ceases, differs, grew, is_set, reassigned, replaced, shrank
from workers.changes.span_rules import moved_to_other_day, rescheduled
from workers.changes.vocabulary import Vocabulary

_authorized = is_set("isAuthorized")

COUNTERS = Vocabulary(
    updates={
        "rescheduled": rescheduled,
        "moved_to_other_day": moved_to_other_day,
        "lengthened": grew("durationInMinutes"),
        "shortened": shrank("durationInMinutes"),
        "instances_changed": differs("numberOfInstances"),
        "reassigned": reassigned,
        "type_changed": replaced("counterDefinition"),
        "authorized": becomes(_authorized),
        "authorization_withdrawn": ceases(_authorized),
    },
)
