"""librdkafka's producer under asyncio: messages go in from the event loop, a thread collects the delivery reports."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from workers.sinks.kafka_verdicts import Report
from workers.sinks.kafka_wave import Wave
from workers.sinks.reasons import readable

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

#: How long the thread waits for a report before it looks whether it is to end.
_POLL_SECONDS: Final = 0.2
#: How long a full queue is left alone, and how long the reports of what was given up may take.
_FULL_SECONDS: Final = 0.01
_PURGE_SECONDS: Final = 0.2
#: Brokers that cannot be reached get so long to come back: a connection that was lost is tried again within 1.5 s.
_DOWN_SECONDS: Final = 1.5
#: How often it is looked whether that is over.
_LOOK_SECONDS: Final = 0.25


class Message(NamedTuple):
    topic: str
    key: str
    value: bytes
    headers: dict[str, str | bytes | None]


class KafkaProducer:
    """`hide`: values that no text may show. Raises `confluent_kafka.KafkaException` for settings that do not work."""

    def __init__(self, settings: Mapping[str, Any], hide: frozenset[str]) -> None:
        import confluent_kafka  # noqa: PLC0415 - only where there is such a sink

        self._hide = hide
        self._refusal = confluent_kafka.KafkaException
        self._ending = threading.Event()
        self._complained = 0.0
        #: What was last said about the brokers, and whether it was that none can be reached; an acknowledgement ends it.
        self.trouble = ""
        self.is_down = False
        #: Nothing will pass any more: another producer is needed.
        self.broken = False
        self._producer = confluent_kafka.Producer({**settings, "error_cb": self._on_error})
        self._thread = threading.Thread(target=self._collect, name="kafka-reports", daemon=True)
        self._thread.start()

    async def send(self, messages: Sequence[Message], deadline: float) -> list[Report | None]:
        """None for each message that was acknowledged by the deadline (the loop's clock), else why it was not."""
        wave = Wave(len(messages))
        for index, message in enumerate(messages):
            if not await self._hand_over(message, wave, index, deadline):
                break
        while not await wave.over(min(_LOOK_SECONDS, wave.left_until(deadline))):
            if wave.left_until(deadline) <= 0 or self._is_still_down(wave.started):
                self._give_up()
                await wave.over(_PURGE_SECONDS)
                break
        return list(wave.reports)

    async def ask(self, seconds: float) -> str:
        """Why no broker tells its topics, or ""."""
        try:
            await asyncio.to_thread(self._producer.list_topics, timeout=seconds)
        except self._refusal as error:
            return self.trouble or self._report(error.args[0]).text
        return ""

    async def close(self) -> None:
        self._give_up()
        self._ending.set()
        await asyncio.to_thread(self._thread.join)

    async def _hand_over(self, message: Message, wave: Wave, index: int, deadline: float) -> bool:
        """False when the client's queue had no room until the deadline."""
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    headers=message.headers,
                    on_delivery=partial(self._delivered, wave, index),
                )
            except BufferError:
                if wave.left_until(deadline) <= 0:
                    return False
                await asyncio.sleep(_FULL_SECONDS)
            except self._refusal as error:
                self._note_end(error.args[0])
                wave.report(index, self._report(error.args[0], refused_here=True))
                return True
            else:
                return True

    def _give_up(self) -> None:
        """Whatever waits or is under way, of other deliveries too: the brokers answer nobody.

        librdkafka then takes a new epoch, so that nothing of it arrives behind what is sent later.
        """
        self._producer.purge(blocking=False)

    def _is_still_down(self, started: float) -> bool:
        """Whether brokers were given the time to come back, since then (`time.monotonic`), and one was still not there."""
        return self.is_down and self._complained > started + _DOWN_SECONDS

    def _collect(self) -> None:
        while not self._ending.is_set():
            self._poll()
        # Reports of what was given up at the end: somebody waits for them.
        self._producer.flush(_PURGE_SECONDS)

    def _poll(self) -> None:
        try:
            self._producer.poll(_POLL_SECONDS)
        except self._refusal as error:
            # Only what is fatal is raised here: no report will come by itself any more.
            self._on_error(error.args[0])
            self._give_up()

    def _delivered(self, wave: Wave, index: int, error: KafkaError | None, _: object) -> None:
        if error is None:
            self.trouble, self.is_down = "", False
            wave.report(index, None)
        else:
            self._note_end(error)
            wave.report(index, self._report(error))

    def _on_error(self, error: KafkaError) -> None:
        self._note_end(error)
        self._complained = time.monotonic()
        if error.name() == "_ALL_BROKERS_DOWN":
            # It only counts them; what was said before tells more.
            self.is_down = True
        else:
            self.trouble = self._report(error).text

    def _note_end(self, error: KafkaError) -> None:
        if error.fatal() or error.name() == "_FATAL":
            self.broken = True

    def _report(self, error: KafkaError, *, refused_here: bool = False) -> Report:
        return Report(error.name(), readable(error.str(), hide=self._hide), refused_here)
