"""librdkafka's own mock cluster of one broker, by its C interface: it can be taken down, slowed, and told to refuse."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import confluent_kafka
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

_PRODUCE = 0  # the number of Produce requests in Kafka's protocol
_BROKER = 1
_POINTER = ctypes.c_void_p


def _library() -> Any:
    """The very library the Python client has loaded; None where it is not beside it."""
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(iter(folder.glob("librdkafka*.so*")), "librdkafka.so.1")))
    for name, result, arguments in (
        ("conf_new", _POINTER, []),
        (
            "conf_set",
            ctypes.c_int,
            [_POINTER, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t],
        ),
        ("new", _POINTER, [ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t]),
        ("destroy", None, [_POINTER]),
        ("mock_cluster_new", _POINTER, [_POINTER, ctypes.c_int]),
        ("mock_cluster_destroy", None, [_POINTER]),
        ("mock_cluster_bootstraps", ctypes.c_char_p, [_POINTER]),
        ("mock_topic_create", ctypes.c_int, [_POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
        ("mock_broker_set_down", ctypes.c_int, [_POINTER, ctypes.c_int32]),
        ("mock_broker_set_up", ctypes.c_int, [_POINTER, ctypes.c_int32]),
        ("mock_broker_set_rtt", ctypes.c_int, [_POINTER, ctypes.c_int32, ctypes.c_int]),
        ("mock_push_request_errors_array", None, [_POINTER, ctypes.c_int16, ctypes.c_size_t, _POINTER]),
        ("mock_topic_set_error", None, [_POINTER, ctypes.c_char_p, ctypes.c_int]),
    ):
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class MockKafka:
    def __init__(self) -> None:
        self._c = _library()
        said = ctypes.create_string_buffer(200)
        settings = self._c.rd_kafka_conf_new()
        self._c.rd_kafka_conf_set(settings, b"log_level", b"0", said, 200)
        self._handle = self._c.rd_kafka_new(0, settings, said, 200)
        self._cluster = self._c.rd_kafka_mock_cluster_new(self._handle, 1)
        self.servers = self._c.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self._consumer = Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": "reader",
                "log_level": 0,
                "fetch.wait.max.ms": 10,
                "fetch.queue.backoff.ms": 10,
                "reconnect.backoff.max.ms": 100,
            }
        )

    def create(self, topic: str, partitions: int) -> None:
        self._c.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1)

    def set_down(self) -> None:
        self._c.rd_kafka_mock_broker_set_down(self._cluster, _BROKER)

    def set_up(self) -> None:
        self._c.rd_kafka_mock_broker_set_up(self._cluster, _BROKER)

    def answer_after(self, milliseconds: int) -> None:
        self._c.rd_kafka_mock_broker_set_rtt(self._cluster, _BROKER, milliseconds)

    def refuse_next(self, errors: Sequence[int]) -> None:
        """What the next Produce requests are answered, one after the other."""
        array = (ctypes.c_int * len(errors))(*errors)
        self._c.rd_kafka_mock_push_request_errors_array(self._cluster, _PRODUCE, len(errors), array)

    def refuse_topic(self, topic: str, error: int) -> None:
        self._c.rd_kafka_mock_topic_set_error(self._cluster, topic.encode(), error)

    def messages(self, topic: str) -> list[Message]:
        """Everything in the topic, partition by partition."""
        known = self._consumer.list_topics(topic, timeout=5).topics[topic].partitions
        found: list[Message] = []
        for number in known:
            start, end = self._consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=5)
            if end > start:
                found += self._read(TopicPartition(topic, number, start), end - start)
        return found

    def events(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(message.value() or b"") for message in self.messages(topic)]

    def close(self) -> None:
        self._consumer.close()
        self._c.rd_kafka_mock_cluster_destroy(self._cluster)
        self._c.rd_kafka_destroy(self._handle)

    def _read(self, place: TopicPartition, count: int) -> list[Message]:
        self._consumer.assign([place])
        found: list[Message] = []
        while len(found) < count:
            message = self._consumer.poll(5)
            assert message is not None, "the mock cluster does not give back what it took"
            error = message.error()
            assert error is None or error.code() == KafkaError._PARTITION_EOF, error
            found.append(message)
        self._consumer.unassign()
        return found
