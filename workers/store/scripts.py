"""The Lua scripts, run by their digest: one round trip each, or many in one pipeline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError, ResponseError

LUA = Path(__file__).parent / "lua"

Argument = str | bytes | int | float


@dataclass(frozen=True)
class Call:
    """One script call: its name (a file in `lua/`), its keys (of one partition) and its arguments."""

    script: str
    keys: Sequence[str]
    args: Sequence[Argument]


@cache
def _source(script: str) -> tuple[str, str]:
    text = (LUA / f"{script}.lua").read_text(encoding="utf-8")
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Scripts:
    """Runs scripts on one Redis. A restarted Redis has forgotten them: then they are loaded again."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        """The answer of one script; raises `redis.exceptions.RedisError`."""
        return await self._alone(Call(script, keys, args))

    async def run_many(
        self, calls: Sequence[Call], along: Callable[[Pipeline], object] | None = None
    ) -> list[Any]:
        """The answers in the order of the calls, in one round trip; a call that failed answers with its exception.

        After a restart of the store those it has forgotten are run behind the others.
        `along` adds commands that ride in the same round trip, whatever becomes of the calls.
        Raises `redis.exceptions.ConnectionError` or `TimeoutError` when the pipeline as a whole failed.
        """
        if len(calls) == 1 and along is None:
            return [await self._answer(calls[0])]
        answers = (await self._pipeline(calls, along))[: len(calls)]
        forgotten = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if forgotten:
            for script in {calls[i].script for i in forgotten}:
                await self.redis.script_load(_source(script)[0])
            again = await self._pipeline([calls[i] for i in forgotten])
            for i, answer in zip(forgotten, again, strict=True):
                answers[i] = answer
        return answers

    async def _answer(self, call: Call) -> Any:
        """As in a pipeline, and cheaper for one."""
        try:
            return await self._alone(call)
        except ResponseError as error:
            return error

    async def _alone(self, call: Call) -> Any:
        text, digest = _source(call.script)
        try:
            return await self.redis.evalsha(digest, len(call.keys), *call.keys, *call.args)
        except NoScriptError:
            return await self.redis.eval(text, len(call.keys), *call.keys, *call.args)

    async def _pipeline(
        self, calls: Sequence[Call], along: Callable[[Pipeline], object] | None = None
    ) -> list[Any]:
        pipe = self.redis.pipeline(transaction=False)
        for call in calls:
            pipe.evalsha(_source(call.script)[1], len(call.keys), *call.keys, *call.args)
        if along is not None:
            along(pipe)
        answers: list[Any] = await pipe.execute(raise_on_error=False)
        return answers
