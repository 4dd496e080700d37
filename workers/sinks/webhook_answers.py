"""What a receiver's answer, or its absence, means for the events that were sent. Decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from workers.sinks.base import Failure
from workers.sinks.guarded_transport import AddressRefused

#: The receiver is overloaded, restarting, or something in front of it cannot reach it (509, 52x, 530: common proxies).
_AWAY: Final = frozenset({408, 425, 429, 502, 503, 504, 507, 509, 521, 522, 523, 524, 525, 526, 529, 530})
#: No event could pass: credentials, path, method or media type are wrong on one of the two sides.
_MISCONFIGURED: Final = frozenset(
    {401, 402, 403, 404, 405, 406, 407, 411, 412, 414, 415, 417, 421, 426, 428, 431, 451, 501, 505, 511}
)
#: The receiver is busy with something that concerns this very event.
_IN_THE_WAY: Final = frozenset({409, 423, 424})


def verdict(status: int, *, retry_after: float | None = None, text: str = "") -> Failure | None:
    """None when delivered. `text` is the beginning of the answer, already made readable."""
    if 200 <= status < 300:
        return None
    said = f"HTTP {status}: {text}" if text else f"HTTP {status}"
    if status < 400:
        return Failure(f"{said} (redirects are not followed: configure the final URL)", scope="sink")
    if status == 410:
        return Failure(f"{said} (the receiver says that it is gone for good)", scope="sink")
    if status in _MISCONFIGURED:
        return Failure(f"{said} (check the configuration of sink and receiver)", scope="sink")
    if status in _AWAY:
        return Failure(said, retry_after=retry_after, scope="sink")
    # RFC 9110 15.5.14: a 413 with Retry-After is temporary.
    again = status >= 500 or status in _IN_THE_WAY or retry_after is not None
    return Failure(said, permanent=not again, retry_after=retry_after)


def failure_of(error: Exception, *, seconds: float, text: str) -> Failure:
    """The failure behind an exception of the exchange; `text` is its message, already made readable.

    A connection that breaks after it stood may be this event's doing; anything before that is the sink's.
    """
    if isinstance(error, AddressRefused):
        return Failure(f"{text} (see allow_private_addresses)", scope="sink")
    if isinstance(error, httpx.ConnectTimeout):
        return Failure("no connection in time", scope="sink")
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return Failure(f"no answer within {seconds:g} s", scope="sink")
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
        return Failure(f"the connection broke before an answer ({said})")
    return Failure(f"no connection ({said})", scope="sink")


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `now` (Unix time) that `Retry-After` asks for: a number or an HTTP date (RFC 9110 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    # The obsolete date forms name no zone; HTTP dates are always GMT.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.fromtimestamp(now, UTC)).total_seconds())
