"""What a delivery report of Kafka means for its event. Decided here and nowhere else."""

from __future__ import annotations

from typing import Final, NamedTuple

from workers.sinks.base import Failure


class Report(NamedTuple):
    """librdkafka's name of an error and its text, already made readable. `refused_here`: it never left the client."""

    name: str
    text: str
    refused_here: bool = False


#: Given up by ourselves: the time was over. The names are librdkafka's.
_OUT_OF_TIME: Final = frozenset({"_MSG_TIMED_OUT", "_PURGE_QUEUE", "_PURGE_INFLIGHT", "_TIMED_OUT"})
#: Too large for client, broker or topic (`max.message.bytes`), or refused by the broker's validation.
_OF_THE_MESSAGE: Final = frozenset({"MSG_SIZE_TOO_LARGE", "INVALID_RECORD", "RECORD_LIST_TOO_LARGE"})
#: A topic of which the cluster does not want this event, or any: with a template other topics may be fine.
_OF_THE_TOPIC: Final = frozenset(
    {
        "UNKNOWN_TOPIC_OR_PART",
        "_UNKNOWN_TOPIC",
        "_UNKNOWN_PARTITION",
        "TOPIC_AUTHORIZATION_FAILED",
        "TOPIC_EXCEPTION",
    }
)


def verdict(report: Report, *, alone: bool, one_topic: bool, why_given_up: str) -> Failure:
    """`alone`: nothing else was sent with it. `one_topic`: every event would go there."""
    if report.name in _OUT_OF_TIME:
        return Failure(why_given_up, scope="sink")
    if report.name in _OF_THE_MESSAGE:
        # A broker judges what it was sent together: only on its own an event is known to be the one.
        return Failure(report.text, permanent=alone or report.refused_here)
    if report.name in _OF_THE_TOPIC and not one_topic:
        return Failure(report.text)
    return Failure(report.text, scope="sink")


def given_up(seconds: float, trouble: str, *, is_down: bool) -> str:
    """Why nothing was waited for any longer. `trouble`: what was last said about the brokers."""
    said = "no broker can be reached" if is_down else f"no acknowledgement within {seconds:g} s"
    return f"{said} ({trouble})" if trouble else said
