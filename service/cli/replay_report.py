"""What a replay would do, is doing or has done, for people and for scripts."""

from __future__ import annotations

import sys

from service.cli import screen
from workers.config import Config
from workers.replay.estimate import Estimate
from workers.store.replays import Replay

#: So many events are named for people; --json has all that the report keeps.
_NAMED = 20


def print_estimate(estimate: Estimate, *, as_json: bool) -> None:
    if as_json:
        screen.print_json(estimate.as_dict())
        return
    for type_, count in sorted(estimate.by_type.items()):
        print(f"{count:>9,}  {type_}")
    print(f"{estimate.events:>9,}  would be delivered{_span(estimate)}")
    if estimate.filtered:
        print(f"{estimate.filtered:>9,}  the sink's filter does not want")
    if estimate.overtaken:
        print(
            f"{estimate.overtaken:>9,}  skipped: the sink got a newer version, which is not among them (see --force)"
        )
    print("Nothing was delivered: that takes --confirm.")


def _span(estimate: Estimate) -> str:
    return f", learned from {estimate.oldest} to {estimate.newest}" if estimate.events else ""


def print_report(config: Config, replay: Replay, *, as_json: bool) -> None:
    if as_json:
        screen.print_json(replay.as_dict())
        return
    zone = screen.zone(config, next(iter(config.tenants)))
    print(
        f"replay {replay.id} to {replay.sink}: {replay.state}, ordered {screen.local(replay.ordered, zone)}"
    )
    print(f"{replay.looked_at:>9,}  of {replay.total:,} events of the log looked at")
    for name, count in replay.counts.items():
        print(f"{count:>9,}  {name}")
    if replay.waits_for:
        print(f"waits: {replay.waits_for}")
    for line in replay.report[:_NAMED]:
        print(f"{line.outcome:<8} {line.id}  {line.reason}")
    if len(replay.report) > _NAMED:
        print("… and more: --status --json names them")


def tell_of_order(replay: Replay) -> None:
    _tell(f"replay {replay.id} to {replay.sink} is ordered: {replay.total:,} events of the log to look at")


def tell_of_no_worker() -> None:
    _tell(
        "No worker takes it so far. Does `shiftwire run` or `shiftwire work` run on this store? The order waits for one."
    )


def tell_of_going_on(replay: Replay) -> None:
    _tell(
        f"It goes on in the workers: `shiftwire replay --sink {replay.sink} --status` tells how far it is, "
        f"`--cancel {replay.id}` ends it."
    )


def _tell(text: str) -> None:
    """Beside the report, which is the output."""
    print(text, file=sys.stderr, flush=True)
