"""Handing dead letters back, unless nobody would take them or the sink would end with an older state than it was given.

What a sink was given of a record after its letter is looked up in the log, as for a replay: see `workers.replay.overtaking`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

from workers.config import Config
from workers.replay.overtaking import OVERTAKEN
from workers.replay.request import no_such_sink
from workers.replay.settling import wants
from workers.store.dead_letters import DeadLetter, DeadLetters, OnTheWay, Overtaken, Passed, UnknownDeadLetter

#: So long an event of the same record may be on its way to the sink.
_PATIENCE_SECONDS = 5.0
_AGAIN_SECONDS = 0.1


class NotHandedBack(Exception):
    """The letter stays where it is; the text says why, and what to do."""


class HandingBack:
    """Hands back any number of letters. `force`: also where the sink got a newer version."""

    def __init__(self, config: Config, letters: DeadLetters, *, force: bool = False) -> None:
        self._config = config
        self._letters = letters
        self._force = force
        self._dead: dict[tuple[str, str], dict[int, str]] = {}

    async def retry(self, id_: str, *, do: bool = True) -> None:
        """With `do` False it only says whether it would. Raises `UnknownDeadLetter`, `NotHandedBack`, `RedisError`."""
        letter = await self._letters.get(id_)
        self._check_configured(letter)
        try:
            await self._tried(id_, None if self._force else (), do=do)
        except Overtaken as error:
            harmless = [number async for number in self._harmless(letter, error.passed)]
            await self._behind(id_, harmless, do=do)

    def _check_configured(self, letter: DeadLetter) -> None:
        tenant = letter.id.rsplit(".", 2)[0]
        if tenant not in self._config.tenants:
            raise NotHandedBack(f"its tenant {tenant} is not configured: configure it first")
        if letter.sink and letter.sink not in self._config.sinks:
            to_do = "configure a sink of this name to take it, or purge it"
            raise NotHandedBack(
                f"its sink is not configured: {no_such_sink(letter.sink, self._config)} {to_do}"
            )

    async def _behind(self, id_: str, harmless: Collection[int], *, do: bool) -> None:
        try:
            await self._tried(id_, harmless, do=do)
        except Overtaken as error:
            raise NotHandedBack(_words(error.passed, harmless)) from None

    async def _tried(self, id_: str, behind: Collection[int] | None, *, do: bool) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while True:
                    try:
                        return await self._letters.retry(id_, behind=behind, do=do)
                    except OnTheWay:
                        await asyncio.sleep(_AGAIN_SECONDS)
        except TimeoutError:
            raise NotHandedBack("another event of its record is being delivered now: try again") from None

    async def _harmless(self, letter: DeadLetter, passed: Passed) -> AsyncIterator[int]:
        """Those of the newer events that the sink never got: unwanted, or dead letters themselves."""
        wanted = wants(self._config.sinks[letter.sink].filter)
        for number, event in passed.events.items():
            unwanted = event is not None and wanted(event) is False
            if passed.complete and (unwanted or await self._is_dead(letter, number)):
                yield number

    async def _is_dead(self, letter: DeadLetter, number: int) -> bool:
        where = (letter.id.rpartition(".")[0], letter.sink)
        if where not in self._dead:
            self._dead[where] = await self._letters.of_partition(letter.id, letter.sink)
        if (other := self._dead[where].get(number)) is None:
            return False
        try:
            await self._letters.get(other)  # it may have been handed back meanwhile
        except UnknownDeadLetter:
            return False
        return True


def _words(passed: Passed, harmless: Collection[int]) -> str:
    got = [number for number in passed.events if number not in harmless]
    number = (got or list(passed.events))[0]
    event = passed.events[number]
    return f"{OVERTAKEN} ({event.id if event else f'event {number} of its partition'}): see --force"
