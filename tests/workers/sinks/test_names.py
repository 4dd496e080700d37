"""Who asks a name server, how often, and what holds while it has no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from workers.sinks.guarded_transport import AddressRefused, permitted
from workers.sinks.names import STALE_SECONDS, Names

KEEP = 4.0
GONE = OSError("the name server is away")


class Server:
    """Answers, fails, or says nothing."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Sequence[str] | OSError = ["8.8.8.8"]
        self.silent = False

    async def resolve(self, _: str) -> Sequence[str]:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.silent:
            await asyncio.sleep(60)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets so many seconds pass for the event loop's clock."""

    def moved(seconds: float) -> None:
        loop = asyncio.get_running_loop()
        real = loop.time
        monkeypatch.setattr(loop, "time", lambda: real() + seconds)

    return moved


def names(server: Server) -> Names:
    return Names("h", lambda found: permitted("h", found, allow_private=False), KEEP, server.resolve)


async def test_all_who_need_an_address_at_the_same_time_share_one_question(
    server: Server, later: Callable[[float], None]
) -> None:
    known = names(server)
    for round_ in (1, 2):
        found = await asyncio.gather(*(known.addresses() for _ in range(50)))
        assert found == [["8.8.8.8"]] * 50
        assert server.asked == round_
        later(KEEP)


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(server: Server) -> None:
    known = names(server)
    first, second = asyncio.create_task(known.addresses()), asyncio.create_task(known.addresses())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ["8.8.8.8"]
    assert server.asked == 1


async def test_while_the_name_server_fails_the_old_addresses_are_used_for_a_while(
    server: Server, later: Callable[[float], None]
) -> None:
    known = names(server)
    await known.addresses()
    server.answer = GONE
    later(KEEP)
    assert await known.addresses() == ["8.8.8.8"]
    later(KEEP)
    assert await known.addresses() == ["8.8.8.8"]
    later(STALE_SECONDS)
    with pytest.raises(OSError, match="away"):
        await known.addresses()


async def test_a_silent_name_server_delays_nobody_who_has_old_addresses(
    server: Server, later: Callable[[float], None]
) -> None:
    known = names(server)
    await known.addresses()
    server.silent = True
    later(KEEP)
    async with asyncio.timeout(3):
        assert await known.addresses() == ["8.8.8.8"]
    known.close()


async def test_a_private_address_ends_what_was_known_at_once_and_for_good(
    server: Server, later: Callable[[float], None]
) -> None:
    known = names(server)
    await known.addresses()
    server.answer = ["10.0.0.1"]
    later(KEEP)
    with pytest.raises(AddressRefused):
        await known.addresses()
    server.answer = GONE
    with pytest.raises(OSError, match="away"):
        await known.addresses()


async def test_who_waits_for_a_name_when_the_sink_is_closed_hears_an_error(server: Server) -> None:
    known = names(server)
    server.silent = True
    waiting: Awaitable[Sequence[str]] = asyncio.ensure_future(known.addresses())
    await asyncio.sleep(0.05)
    known.close()
    with pytest.raises(OSError, match="closed"):
        await waiting
