"""One batch of a replay at its sink: what goes out, and what becomes of each event.

A failure holds back the replay of its partition alone: live traffic goes on, with its own retries. What the sink took is
noted even where an event before it failed, so that nothing is sent again without need.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from workers.delivery import Delivery
from workers.replay.overtaking import OVERTAKEN, WAITS, Wants
from workers.sending import Sending
from workers.sinks.base import Failure, Filter
from workers.sinks.filters import judged
from workers.store.delivery_journal import in_ranges
from workers.store.outcomes import Logged
from workers.store.replay_batches import Batch, Candidate, Replayed, numbers_in

#: So often in a row a sink is away before single events are tried, in turns.
_PROBE_AFTER = 2


def wants(wanted: Filter) -> Wants:
    """Whether a sink gets an event in a replay: when its filter fits it as it was, or as it comes now."""
    return lambda event: judged(wanted, event) or judged(wanted, event.as_replay())


@dataclass(frozen=True)
class Chosen:
    """What of a batch is looked at this time: up to the number `upto`, so that `to_send` is not too much at once."""

    upto: int
    to_send: list[Candidate] = field(default_factory=list)
    filtered: list[int] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    unfit: dict[int, str] = field(default_factory=dict)

    def with_marks(self, own: Collection[int]) -> Chosen:
        """With the echoes of our own writes marked as such."""
        marked = [replace(c, event=c.event.as_own_write()) if c.number in own else c for c in self.to_send]
        return replace(self, to_send=marked)


def choose(batch: Batch, size: int, wanted: Wants) -> Chosen:
    """The first `size` events to send, and all that are passed over on the way to them."""
    chosen = Chosen(upto=batch.last)
    for candidate in batch.events:
        if in_ranges(batch.ahead, candidate.number) or not batch.conditions.hold(candidate.event):
            continue
        verdict = wanted(candidate.event)
        if isinstance(verdict, Failure):
            chosen.unfit[candidate.number] = verdict.reason
        elif not verdict:
            chosen.filtered.append(candidate.number)
        elif candidate.waits:
            chosen.skipped[candidate.number] = WAITS
        elif len(chosen.to_send) == size:
            return replace(chosen, upto=candidate.number - 1)
        else:
            chosen.to_send.append(candidate)
    upto = batch.events[-1].number if batch.events else batch.last
    return replace(chosen, upto=upto)


def without(chosen: Chosen, *, overtaken: Collection[int] = (), unwanted: Collection[int] = ()) -> Chosen:
    """Less the events that a newer one has overtaken, and those that the sink does not want after all."""
    left = [c for c in chosen.to_send if c.number not in overtaken and c.number not in unwanted]
    return Chosen(
        chosen.upto,
        left,
        [*chosen.filtered, *unwanted],
        {**chosen.skipped, **dict.fromkeys(overtaken, OVERTAKEN)},
        chosen.unfit,
    )


async def settle_replay(
    delivery: Delivery, batch: Batch, chosen: Chosen, *, probing: bool = False
) -> Replayed:
    """Sends what was chosen. `probing`: it is the one try that the sink's open breaker allows."""
    sending = Sending(delivery, probing=probing or batch.away >= _PROBE_AFTER)
    events = [Logged(c.number, c.resource, c.event.as_replay()) for c in chosen.to_send]
    await sending.send(_in_turns(events, batch.away) if sending.probing else events)
    if delivery.held() and not probing:
        sending.aside = None  # nothing was sent: that costs no event an attempt
    done = Replayed(next=0, filtered=chosen.filtered, skipped=chosen.skipped, failed=dict(chosen.unfit))
    for logged in events:
        _sort(done, logged.number, sending, batch.tries.get(logged.number, 0))
    _move(done, batch, chosen)
    if sending.away is not None:
        done.away = 1 if done.delivered else batch.away + 1
        done.reason, done.due_ms = sending.away.reason, delivery.due_ms(done.away, sending.away)
    return done


def stand_still(batch: Batch, until_ms: int, reason: str) -> Replayed:
    """Nothing is sent before a time."""
    ahead = numbers_in(batch.ahead)
    return Replayed(
        batch.next, ahead, tries=dict(batch.tries), away=batch.away, due_ms=until_ms, reason=reason
    )


def _in_turns(events: Sequence[Logged], turn: int) -> list[Logged]:
    """Another resource first each time: one event that makes the sink hang must not stand for all."""
    resources = list(dict.fromkeys(e.resource for e in events))
    if not resources:
        return []
    first = resources[turn % len(resources)]
    return sorted(events, key=lambda e: e.resource != first)


def _sort(done: Replayed, number: int, sending: Sending, tries: int) -> None:
    failure = sending.results.get(number)
    if number == sending.aside:
        failure = sending.away
    if number in sending.results and failure is None:
        done.delivered.append(number)
    elif failure is None:
        done.tries[number] = tries
    else:
        _fail(done, number, failure, tries + 1, sending.delivery)


def _fail(done: Replayed, number: int, failure: Failure, tries: int, delivery: Delivery) -> None:
    if failure.permanent:
        done.failed[number] = failure.reason
    elif tries >= delivery.options.retry.max_attempts:
        done.failed[number] = f"gave up after {tries} attempts: {failure.reason}"
    else:
        done.tries[number] = tries
        done.reason = failure.reason
        done.due_ms = max(done.due_ms, delivery.due_ms(tries, failure))


def _move(done: Replayed, batch: Batch, chosen: Chosen) -> None:
    """`next` is the first event that is not settled. Of the others all up to `upto` are."""
    done.next = min(done.tries, default=chosen.upto + 1)
    settled = {
        *done.delivered,
        *done.filtered,
        *done.skipped,
        *done.failed,
        *numbers_in(batch.ahead),
    }
    done.ahead = sorted(number for number in settled if number > done.next)
    done.tries = {number: count for number, count in done.tries.items() if count}
