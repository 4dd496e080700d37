"""Whether a sink would take events, as far as that can be seen without sending it any."""

from __future__ import annotations

from workers.sinks import REGISTRY
from workers.sinks.base import CanLook, Look, SinkOptions


async def look_at(name: str, options: SinkOptions) -> Look:
    """Makes the sink, lets it look at its target, and closes it."""
    try:
        sink = REGISTRY[options.type].create(name, options)
    except OSError as error:
        # A certificate that is no certificate, for instance: the worker could not make the sink either.
        return Look(f"it cannot be made: {error}")
    try:
        return await sink.look() if isinstance(sink, CanLook) else Look(unseen="it has no way to look")
    finally:
        await sink.close()
