"""Where events go. One file for each sink; this is the list of them."""

from __future__ import annotations

from typing import Final

from workers.sinks.base import SinkType
from workers.sinks.console import ConsoleOptions, ConsoleSink
from workers.sinks.file import FileOptions, FileSink
from workers.sinks.webhook import WebhookSink
from workers.sinks.webhook_options import WebhookOptions

#: `type` in the configuration → the sink.
REGISTRY: Final[dict[str, SinkType]] = {
    "webhook": SinkType(options=WebhookOptions, create=WebhookSink),
    "file": SinkType(options=FileOptions, create=FileSink),
    "console": SinkType(options=ConsoleOptions, create=ConsoleSink),
}
