"""The promises about delivery, duplicates, order and truth, as functions of what Protime and the sink have seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.e2e.subscriber import Event

CLOCK_SECONDS = 0.05  # Redis gives an entry the time at which it began its round of work


def differences(truth: dict[str, Any], seen: dict[str, Any]) -> dict[str, str]:
    """What is wrong about the sink's last events, by subject. What Protime deleted before anybody heard of it may lack."""
    found = {}
    for subject, entry in truth.items():
        event = seen.get(subject)
        if event is None:
            if not entry["deleted"]:
                found[subject] = f"nothing seen, is at {entry['changeVersion']}"
        elif not _tells(event, entry):
            found[subject] = (
                f"seen {event['sequence']} {event['data']['change']}, is at {entry['changeVersion']}"
            )
    return found


def _tells(event: Event, entry: dict[str, Any]) -> bool:
    """A deletion that was found by absence has a version of its own, behind the last one that was known."""
    deleted = event["data"]["change"] == "deleted"
    same = event["sequence"] == entry["changeVersion"]
    return deleted == entry["deleted"] and (same or (deleted and event["sequence"].endswith("~")))


def lost(
    accepted: dict[tuple[str, str], float], firsts: list[Event], *, every: bool = True
) -> list[tuple[str, str]]:
    """Accepted versions that were neither delivered nor superseded.

    Superseded means: a newer version of the resource was delivered instead. Where `every` version is delivered (`fetch:
    payload`), that newer one must have been learned before this one was accepted; otherwise the net change is enough.
    """
    known: dict[str, list[tuple[str, float]]] = {}
    for event in firsts:
        known.setdefault(event["subject"], []).append((event["sequence"], seconds_of(event["time"])))

    def ended(version: str, at: float, other: str, learned: float) -> bool:
        # A record that was found absent has no version; its Delete, told later, changes nothing any more.
        gone = not every and other.endswith("~")
        return version == other or gone or (other > version and (learned <= at + CLOCK_SECONDS or not every))

    return [
        (subject, version)
        for (subject, version), at in accepted.items()
        if not any(ended(version, at, *event) for event in known.get(subject, ()))
    ]


def overtaken(firsts: list[Event]) -> list[str]:
    """Events that came after a newer one of their resource.

    A kill between a delivery and its bookkeeping repeats events, and repeats may be old news; without them the order is
    strict.
    """
    newest: dict[str, str] = {}
    found = []
    for event in firsts:
        if event["sequence"] <= newest.get(event["subject"], ""):
            found.append(event["id"])
        newest[event["subject"]] = event["sequence"]
    return found


def unstable(events: list[Event]) -> list[str]:
    """Ids that stood for different events, and versions that came under different ids."""
    by_id: dict[str, Event] = {}
    by_version: dict[tuple[str, str], str] = {}
    found = []
    for event in events:
        same = by_id.setdefault(event["id"], event) == event
        if (
            not same
            or by_version.setdefault((event["subject"], event["sequence"]), event["id"]) != event["id"]
        ):
            found.append(event["id"])
    return found


def seconds_of(time_: str) -> float:
    return datetime.fromisoformat(time_).timestamp()
