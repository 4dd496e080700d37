"""Business rules across the properties of one record: the record in, a reason or None out."""

from __future__ import annotations

from simulator.collections.row import Record, Rule


def ends_after_start(record: Record) -> str | None:
    """CHOICE-39."""
    start, end = record.get("startTimeInMinutes"), record.get("endTimeInMinutes")
    if start is not None and end is not None and end < start:
        return "The endTimeInMinutes must not be before the startTimeInMinutes"
    return None


def until_after_from(record: Record) -> str | None:
    """CHOICE-39."""
    if "until" in record and record["until"] < record["from"]:
        return "The until date must not be before the from date"
    return None


def active_until_after_from(record: Record) -> str | None:
    if record.get("activeUntil", "9999") < record.get("activeFrom", ""):
        return "The activeUntil date must not be before the activeFrom date"
    return None


def only_for(kind: str, *names: str) -> Rule:
    """The properties `names` belong to clockings of one kind."""

    def rule(record: Record) -> str | None:
        wrong = [name for name in names if name in record]
        if wrong and record.get("kind") != kind:
            return f"{', '.join(wrong)}: only for clockings of kind {kind}"
        return None

    return rule
