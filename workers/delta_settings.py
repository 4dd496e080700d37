"""What follows when a delta was started with other settings than ours: pure.

After a change of the configuration it is started anew, and after one more: somebody changed his mind. Two workers with different configurations would do so in turn, and
walk over all records for ever: each time it happens again soon, the one whose settings it does not have waits twice as long.
Meanwhile the other goes on with it.
"""

from __future__ import annotations

from workers.store.deltas import DeltaState

#: So many changes one after the other are followed at once.
_AT_ONCE = 2
_FIRST_WAIT_SECONDS = 60.0
_LONGEST_WAIT_SECONDS = 3600.0
#: A delta that kept its settings for so long: the next change is the first one again.
CALM_SECONDS = 2 * _LONGEST_WAIT_SECONDS


def rest(state: DeltaState, now: float) -> float:
    """Seconds until a delta with other settings may be started anew. `now` in Unix seconds."""
    since = now - state.remade_at
    if (
        state.remade < _AT_ONCE or not 0 <= since < CALM_SECONDS
    ):  # in the future: the clock was set back meanwhile
        return 0.0
    wait = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** (min(state.remade, 30) - _AT_ONCE))
    return max(0.0, wait - since)


def remade(state: DeltaState, now: float) -> DeltaState:
    """The state to start anew from."""
    again = 0 <= now - state.remade_at < CALM_SECONDS
    return DeltaState(asked_at=state.asked_at, remade=state.remade + 1 if again else 1, remade_at=now)


def told(made_for: str) -> str:
    """In words what `TenantReading.asks` says in short."""
    since, *references = made_for.split(" ")
    return f"since: {since or '-'}, external_references: {', '.join(references) or '-'}"
