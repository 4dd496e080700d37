"""Which findings of the sweep wait because their sink's breaker is open, and which one of them goes as the probe: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from workers.breaker_rules import RETRY_GRACE_MS
from workers.store.breakers import Breaker
from workers.store.keys import Partition

Finding = tuple[str, Partition, str]

#: What concerns a sink, in the order in which it may be the probe: events that have failed before come after new ones.
_KINDS = {"dispatch": 0, "retry": RETRY_GRACE_MS, "replay": RETRY_GRACE_MS}


def allowed(
    findings: Iterable[Finding],
    breakers: Mapping[str, Breaker],
    now_ms: int,
    choose: Callable[[Sequence[Finding]], Finding],
) -> list[Finding]:
    """Everything that does not concern a sink that is away, and one finding for each such sink that is to be tried now.

    `choose` takes one of several at random: an event that makes the sink hang must not be the probe every time.
    """
    passing: list[Finding] = []
    held: dict[str, list[Finding]] = {}
    for finding in findings:
        what, _, about = finding
        if what in _KINDS and about in breakers and breakers[about].is_open:
            held.setdefault(about, []).append(finding)
        else:
            passing.append(finding)
    for sink, found in held.items():
        candidates = next(_candidates(found, breakers[sink], now_ms), [])
        passing += [choose(candidates)] if candidates else []
    return passing


def _candidates(found: Sequence[Finding], breaker: Breaker, now_ms: int) -> Iterator[list[Finding]]:
    for kind, grace_ms in _KINDS.items():
        of_kind = [finding for finding in found if finding[0] == kind]
        if of_kind:
            yield of_kind if breaker.due(now_ms, grace_ms) and not breaker.probed else []
