"""What Protime may do to us besides bad answers: tokens and deltas that end, webhooks that vanish, notifications that lie."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from tests.prove import faults_answers, notifications
from tests.prove.fault import Fault, Moment
from tests.prove.protime_modes import in_modes

Strike = Callable[[Moment], None]

DELTAS, SUBSCRIPTIONS = "tests/workers/test_deltas.py", "tests/e2e/test_subscriptions.py"
MADE_ANEW = "webhooks are looked at every `check_seconds` (here 2): a new one is made"
#: The first walk over all records takes long enough to be struck: pages of 20, each after 50 ms.
LONG_WALK = {"settings": {"page_size": 20, "slow_seconds": 0.05}}


def switched(back: dict[str, Any], **settings: Any) -> Strike:
    """Switches of the simulator, for a while."""

    def strike(moment: Moment) -> None:
        moment.house.protime.switch(**settings)
        time.sleep(moment.rng.uniform(0.5, 2.5))
        moment.house.protime.switch(**back)

    return strike


def tokens_revoked(moment: Moment) -> None:
    moment.house.protime.revoke_tokens()


def no_tokens(status: int) -> Strike:
    """The tokens are gone and the endpoint gives no other."""

    def strike(moment: Moment) -> None:
        protime = moment.house.protime
        protime.switch(token_status=status)
        protime.revoke_tokens()
        time.sleep(moment.rng.uniform(0.5, 2.5))
        protime.switch(token_status=0)

    return strike


def frozen(moment: Moment) -> None:
    """The whole of Protime stands still: nothing is answered and nothing is told."""
    process = moment.house.processes["simulator"]
    process.send_signal(signal.SIGSTOP)
    time.sleep(moment.rng.uniform(0.5, 2.5))
    process.send_signal(signal.SIGCONT)


def deltas_expired(moment: Moment) -> None:
    moment.house.protime.expire_deltas()


def walks_cut_off(moment: Moment) -> None:
    """The delta ends, and in the middle of the walk that follows the new one and its paging tokens end as well."""
    protime = moment.house.protime
    protime.expire_deltas()
    time.sleep(moment.rng.uniform(0.2, 1.0))
    moment.rng.choice((protime.expire_deltas, protime.expire_paging_tokens))()


def taken_over(moment: Moment) -> None:
    """Another client walks through the same collection's delta: ours is gone."""
    moment.house.protime.start_delta()


def webhooks_lost(moment: Moment) -> None:
    protime = moment.house.protime
    for webhook in protime.webhooks():
        protime.interfere(webhook["id"], moment.rng.choice(("disable", "delete", "expire")))


def in_some(
    modes: str, name: str, cause: str, effect: str, does: str, strike: Strike, test: str, **house: Any
) -> Iterator[Fault]:
    return in_modes(lambda: Fault(name, cause, effect, does, strike, test, house=house), *modes.split())


FAULTS: tuple[Fault, ...] = tuple(
    chain(
        in_some(
            "delta resource",
            "tokens revoked",
            "every access token ends before its time",
            "401 for a token that should be good",
            "one process asks for a new token, all use it, and the request is repeated once",
            tokens_revoked,
            "tests/workers/protime/test_auth.py",
        ),
        in_some(
            "payload delta resource",
            "no tokens",
            "every access token ends, and the token endpoint answers 503",
            "nothing can be asked; webhooks go on",
            "tried again after 1, 2, 4 … s; notifications are accepted meanwhile",
            no_tokens(503),
            "tests/workers/protime/test_auth.py",
        ),
        in_some(
            "payload delta",
            "client refused",
            "every access token ends, and the token endpoint answers 400: a wrong secret, a client that is not known",
            "nothing can be asked; webhooks go on",
            "the collection stops with a word to the operator and is tried again every minute; notifications are delivered "
            "as they were signed",
            no_tokens(400),
            DELTAS,
        ),
        in_some(
            "payload delta resource",
            "Protime stands still",
            "no answer to anything, and no notification",
            "calls hang",
            "what was asked is answered late; nothing is given up within 30 s",
            frozen,
            "tests/workers/protime/test_errors.py",
        ),
        in_some(
            "payload delta resource",
            "Protime is slow",
            "every answer takes 1.5 s",
            "changes come later in the modes that ask",
            "notifications that wait share one pull of the delta; records are fetched side by side",
            switched({"slow_seconds": 0.0}, slow_seconds=1.5),
            "tests/e2e/test_api_calls.py",
        ),
        in_some(
            "payload delta",
            "delta expired",
            "410 for the delta's link before its time",
            "what changed and was not yet pulled comes only by a new walk over all records",
            "a new delta at once; when it ends again within the hour it rests (60 s, 120 s …) and notifications are delivered "
            "as they were signed",
            deltas_expired,
            "tests/e2e/test_deltas.py",
        ),
        in_some(
            "payload delta",
            "walk cut off",
            "410 or 409 in the middle of the first walk",
            "the walk cannot go on where it stood",
            "it begins anew; when that happens again it rests and notifications are delivered as they were signed",
            walks_cut_off,
            DELTAS,
            **LONG_WALK,
        ),
        in_some(
            "payload delta",
            "delta taken over",
            "another client starts a delta of the collection",
            "410 although it was asked for a moment ago",
            "reported with what to do; a new one at once, and the longer the oftener a rest in between, in which notifications "
            "are delivered as they were signed",
            taken_over,
            DELTAS,
        ),
        in_some(
            "payload delta resource",
            "webhook lost",
            "the webhook is disabled, deleted or expired behind our back",
            "silence",
            f"{MADE_ANEW}, and what came in the gap is found by the delta, or by a comparison",
            webhooks_lost,
            SUBSCRIPTIONS,
        ),
        notifications.FAULTS,
        faults_answers.FAULTS,
    )
)
