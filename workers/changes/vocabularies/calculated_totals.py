"""The totals of one person and day. One correction changes those of many days: each word names what to look at again."""

from __future__ import annotations

from workers.changes.rules import differs, refers_elsewhere
from workers.changes.vocabulary import Vocabulary

CALCULATED_TOTALS = Vocabulary(
    updates={
        "presence_changed": differs("timePresentDurationInMinutes", "calculatedPresenceDurationInMinutes"),
        "normal_time_changed": differs("normalTimeDurationInMinutes"),
        "flextime_changed": differs("flextimeDurationInMinutes"),
        "balance_changed": differs("flextimeBalanceInMinutes"),
        "period_hours_changed": differs(
            "weeklyHours1DurationInMinutes",
            "weeklyHours2DurationInMinutes",
            "weeklyHours3DurationInMinutes",
            "payPeriodHoursDurationInMinutes",
        ),
        "shift_changed": refers_elsewhere("shiftDefinition"),
    },
)
