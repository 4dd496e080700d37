"""What must hold after many days, as functions of what Protime and the sink have seen."""

from __future__ import annotations

from typing import Any

from tests.e2e.subscriber import Event


def gone(entry: dict[str, Any]) -> bool:
    """Whether a record of Protime's counts as deleted: a removed clocking stays, with its status."""
    return bool(entry["deleted"]) or entry["record"].get("status") == "Deleted"


def unlike(truth: dict[str, Any], seen: dict[str, Event]) -> dict[str, str]:
    """By subject, where the last event does not tell Protime's state.

    A deletion that was found by the record's absence carries a version of its own; what came and went while nobody
    could tell may lack.
    """
    found = {
        subject: f"is not at Protime, seen {seen[subject]['sequence']}" for subject in seen.keys() - truth
    }
    for subject, entry in truth.items():
        event = seen.get(subject)
        if event is None and gone(entry):
            continue
        if event is None or not _tells(event, entry):
            what = event and (event["sequence"], event["data"]["change"], event["origin"])
            found[subject] = f"seen {what}, is {entry}"
    return found


def _tells(event: Event, entry: dict[str, Any]) -> bool:
    deleted = event["data"]["change"] == "deleted"
    if deleted or gone(entry):
        return deleted and gone(entry)
    same = event["data"]["resource"] == entry["record"]
    return same and event["sequence"] == entry["changeVersion"]


def lost_for_good(missing: list[tuple[str, str]], truth: dict[str, Any]) -> list[tuple[str, str]]:
    """Without the versions of what is deleted: when a record is not found, an older notification tells its deletion."""
    return [(subject, version) for subject, version in missing if not gone(truth[subject])]


def renewals(deliveries: list[dict[str, Any]], interfered: set[str]) -> int:
    """How many webhooks of a collection came to their end in the ordinary way; the last one lives."""
    return len(accepting(deliveries) - interfered) - 1


def accepting(deliveries: list[dict[str, Any]]) -> set[str]:
    """Webhooks that were of use: one whose key was lost with a killed process never has anything accepted."""
    return {d["webhook"] for d in deliveries if any(a["status"] == 202 for a in d["attempts"])}


def abandoned(lives: list[dict[str, Any]], useful: set[str], interfered: set[str]) -> list[str]:
    """Webhooks of a collection that ceased to deliver while no other one listened: what came next nobody was sent.

    `lives` has the times of each (`StandIn.lives`). Somebody who ended a webhook, or its successor beside it, is to blame for
    the gap himself.
    """
    listeners = [w for w in lives if w["id"] in useful or w["endedAt"] is None]
    ended = [w for w in listeners if w["endedAt"] is not None and w["id"] not in interfered]
    cut = [w for w in lives if w["id"] in interfered]
    return [
        w["id"]
        for w in ended
        if not any(_listens_at(other, w["endedAt"]) for other in listeners)
        and not any(w["createdAt"] < other["createdAt"] < w["endedAt"] for other in cut)
    ]


def _listens_at(webhook: dict[str, Any], moment: float) -> bool:
    """At that moment and beyond it."""
    return webhook["createdAt"] < moment and (webhook["endedAt"] is None or moment < webhook["endedAt"])


def told(lives: list[dict[str, Any]], useful: set[str], interfered: set[str]) -> str:
    """The life of each webhook in days from the first, for whoever has to find out."""
    begun = min(w["createdAt"] for w in lives)
    lines = []
    for w in lives:
        span = [f"{(at - begun) / 86_400:.2f}" if at else "now" for at in (w["createdAt"], w["endedAt"])]
        marks = [word for word, of in (("useful", useful), ("interfered", interfered)) if w["id"] in of]
        lines.append(f"{w['id']}: day {' to '.join(span)} {', '.join(marks)}")
    return "\n".join(lines)
