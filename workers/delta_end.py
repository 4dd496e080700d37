"""What follows when a delta is gone: pure.

A delta that Protime was asked for within its life and that is gone all the same was taken over: there is one per
collection, and another client started its own (protime-api §6.6). Starting anew ends the other's in turn, so two
clients would walk over all records for ever: each time it happens again soon, we wait twice as long. Notifications are
delivered as they were signed meanwhile.
"""

from __future__ import annotations

from workers.protime import Conflict, Endless, Gone, Invalid, NotFound, ProtimeError
from workers.store.deltas import DeltaState

#: A delta that lived for so long was left alone: the next take-over is the first one again.
CALM_SECONDS = 3600.0
_FIRST_WAIT_SECONDS = 60.0
_LONGEST_WAIT_SECONDS = 3600.0
#: Clocks differ, and an answer takes its time: only a delta that died this much before its time was taken over.
_CERTAIN = 0.9


#: A link, or a page of a walk, that is refused so often in a row will not be answered any more.
_OFTEN = 3


def is_over(state: DeltaState, error: ProtimeError) -> bool:
    """Whether a delta, or the walk that begins one, is to be started anew because of this answer.

    410 says so. 409 ends a walk, whose paging token is no good any more; a link may be asked again (protime-api §4.1), and
    so may one of which Protime says that it does not understand it (CHOICE-22), or that led in circles, but not for ever.
    """
    if not (state.link or state.walk):
        return False
    if isinstance(error, Gone) or (isinstance(error, Conflict) and not state.link):
        return True
    return isinstance(error, Conflict | Invalid | NotFound | Endless) and state.attempts >= _OFTEN - 1


def taken_over(state: DeltaState, now: float, life: float) -> bool:
    """Whether a delta that is gone cannot have died of age. `now` in Unix seconds, `life` in seconds."""
    return bool(state.link) and now - state.pulled_at < life * _CERTAIN


def after_the_end(state: DeltaState, now: float, life: float) -> DeltaState:
    """The state to start anew from. A walk that is cut off counts as well: two clients may cut off each other's walks."""
    if not state.walk and not taken_over(state, now, life):
        return DeltaState(asked_at=state.asked_at)
    again = state.superseded + 1 if now - state.superseded_at < CALM_SECONDS else 1
    wait = 0.0 if again == 1 else min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** (again - 2))
    return DeltaState(
        asked_at=state.asked_at, superseded=again, superseded_at=now, retry_at=now + wait if wait else 0.0
    )
