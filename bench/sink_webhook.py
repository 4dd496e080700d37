"""The webhook sink against a bare httpx loop that signs and posts the same batches. `python -m bench.sink_webhook`"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from bench.servers import free_port
from bench.sink import sink as receiving
from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.webhook import WebhookSink
from workers.sinks.webhook_options import WebhookOptions

SECRET = "whsec_" + base64.b64encode(b"a secret of the bench, 32 bytes.").decode()
PORT = free_port()
URL = f"http://127.0.0.1:{PORT}/"


async def bare(events: Sequence[Event]) -> float:
    signing, clock = Webhook(SECRET), asyncio.get_running_loop().time
    async with receiving(PORT), httpx.AsyncClient() as client:
        started = clock()
        for at in range(0, len(events), BATCH):
            body = "[" + ",".join(event.json.decode() for event in events[at : at + BATCH]) + "]"
            now = datetime.now(UTC)
            headers = {
                "content-type": "application/cloudevents-batch+json",
                "webhook-id": events[at].id,
                "webhook-timestamp": str(int(time.time())),
                "webhook-signature": signing.sign(events[at].id, now, body),
            }
            (await client.post(URL, content=body, headers=headers)).raise_for_status()
        return clock() - started


async def ours(events: Sequence[Event]) -> float:
    how = {"url": URL, "secret": SECRET, "allow_private_addresses": True, "batch": BATCH}
    sink = WebhookSink("bench", WebhookOptions.model_validate({"type": "webhook", **how}))
    async with receiving(PORT):
        seconds = await delivered(sink, events)
    await sink.close()
    return seconds


if __name__ == "__main__":
    compare("webhook", bare, ours)
