"""Contracts and their addenda."""

from __future__ import annotations

from workers.changes.rules import differs, reassigned
from workers.changes.vocabulary import Vocabulary

CONTRACTS = Vocabulary(
    updates={
        "period_changed": differs("from", "until"),
        "hours_changed": differs(
            "contractHoursInMinutes", "fullTimeEquivalentInMinutes", "contractPercentage"
        ),
        "working_days_changed": differs("numberOfWorkingDaysPerWeek", "numberOfDaysInContractPeriod"),
        "reassigned": reassigned,
    },
)
