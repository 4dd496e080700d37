"""Where events go. One file for each sink; this is the list of them."""

from __future__ import annotations

from typing import Final

from workers.sinks.base import SinkType
from workers.sinks.console import ConsoleOptions, ConsoleSink
from workers.sinks.file import FileOptions, FileSink
from workers.sinks.kafka import KafkaSink
from workers.sinks.kafka_options import KafkaOptions
from workers.sinks.mqtt import MqttOptions, MqttSink
from workers.sinks.nats import NatsOptions, NatsSink
from workers.sinks.notify import NotifySink
from workers.sinks.notify_options import NotifyOptions
from workers.sinks.postgres import PostgresSink
from workers.sinks.postgres_options import PostgresOptions
from workers.sinks.rabbitmq import RabbitmqOptions, RabbitmqSink
from workers.sinks.redis import RedisOptions, RedisSink
from workers.sinks.webhook import WebhookSink
from workers.sinks.webhook_options import WebhookOptions

#: `type` in the configuration → the sink.
REGISTRY: Final[dict[str, SinkType]] = {
    "webhook": SinkType(options=WebhookOptions, create=WebhookSink),
    "file": SinkType(options=FileOptions, create=FileSink),
    "console": SinkType(options=ConsoleOptions, create=ConsoleSink),
    "mqtt": SinkType(options=MqttOptions, create=MqttSink),
    "nats": SinkType(options=NatsOptions, create=NatsSink),
    "rabbitmq": SinkType(options=RabbitmqOptions, create=RabbitmqSink),
    "redis": SinkType(options=RedisOptions, create=RedisSink),
    "postgres": SinkType(options=PostgresOptions, create=PostgresSink),
    "kafka": SinkType(options=KafkaOptions, create=KafkaSink),
    "notify": SinkType(options=NotifyOptions, create=NotifySink),
}
