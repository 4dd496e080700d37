"""What brokers have in common, with a connection that does as it is told."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from workers.sinks.base import Failure
from workers.sinks.broker import BrokerSink
from workers.sinks.broker_options import BrokerOptions
from workers.sinks.link import ConnectionLost


class TapeOptions(BrokerOptions):
    schemes = ("tape", "tapes")
    secure = ("tapes",)

    type: Literal["tape"] = "tape"


class Tape:
    """A connection: event number → what becomes of it: an exception, "hangs", or "dies" (with the connection)."""

    def __init__(self, fates=None, *, reason=None, opening=None):
        self.lost = asyncio.get_running_loop().create_future()
        self.fates = fates or {}
        self.reason = reason
        self.opening = opening
        self.published = []
        self.closed = False

    async def open(self):
        if isinstance(self.opening, Exception):
            raise self.opening
        if self.opening == "hangs":
            await asyncio.Event().wait()

    async def publish(self, event):
        number = event.head.data.id
        fate = self.fates.get(number)
        if isinstance(fate, Exception):
            raise fate
        if fate == "dies":
            self.lost.set_result(self.reason)
        if fate in ("hangs", "dies"):
            await asyncio.Event().wait()
        self.published.append(number)

    async def close(self):
        self.closed = True


class Reel:
    """Hands out connections, one after the other."""

    def __init__(self, *tapes):
        self.tapes = list(tapes)

    def make(self):
        return self.tapes.pop(0)


class Broken(Exception):
    pass


def judge(error):
    return Failure(str(error), permanent=isinstance(error, Broken))


def sink(reel, **options):
    given = {"url": "tape://joe:hunter22@host", "batch": 10, "timeout_seconds": 0.2} | options
    return BrokerSink("tape", TapeOptions(**given), make=reel.make, judge=judge)


async def test_only_the_refused_event_of_a_batch_fails(make_event):
    tape = Tape({2: Broken("no")})
    delivered = await sink(Reel(tape)).deliver([make_event(number) for number in (1, 2, 3)])
    assert delivered == {1: Failure("no", permanent=True)}
    assert tape.published == [1, 3]


async def test_an_event_without_an_answer_in_time_fails_alone_and_the_connection_goes(make_event):
    tape = Tape({2: "hangs"})
    tested = sink(Reel(tape))
    failures = await tested.deliver([make_event(number) for number in (1, 2, 3)])
    assert set(failures) == {1}
    assert (failures[1].scope, failures[1].permanent) == ("sink", False)
    assert "no answer within 0.2 s" in failures[1].reason
    await tested.close()
    assert tape.closed


async def test_a_connection_that_broke_since_the_last_delivery_is_replaced_and_only_the_rest_is_sent_again(
    make_event,
):
    first, second = Tape({2: "dies"}), Tape()
    tested = sink(Reel(first, second))
    assert await tested.deliver([make_event(1)]) == {}
    assert await tested.deliver([make_event(3), make_event(2)]) == {}
    assert (first.published, second.published) == ([1, 3], [2])


async def test_a_new_connection_that_breaks_is_a_failure_of_what_was_on_it(make_event):
    tested = sink(Reel(Tape({1: "dies"})))
    failures = await tested.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("event", False)


async def test_the_reason_of_an_ended_connection_condemns_an_event_only_when_it_was_alone(make_event):
    def dying():
        return Tape({1: "dies", 2: "hangs"}, reason=Broken("too large"))

    alone = await sink(Reel(dying())).deliver([make_event(1)])
    together = await sink(Reel(dying())).deliver([make_event(1), make_event(2)])
    assert alone == {0: Failure("too large", permanent=True)}
    assert set(together.values()) == {Failure("too large", permanent=False)}
    assert set(together) == {0, 1}


async def test_a_client_that_notices_first_that_the_connection_is_gone_makes_no_difference(make_event):
    second = Tape()
    tested = sink(Reel(Tape({2: ConnectionLost()}), second))
    await tested.deliver([make_event(1)])
    assert await tested.deliver([make_event(2)]) == {}
    assert second.published == [2]


async def test_a_connection_that_cannot_be_made_is_always_a_matter_of_the_sink(make_event):
    tape = Tape(opening=Broken("hunter22 is wrong"))
    tested = sink(Reel(tape))
    failures = await tested.deliver([make_event(1), make_event(2)])
    assert set(failures.values()) == {Failure("*** is wrong", scope="sink")}
    assert set(failures) == {0, 1}
    await tested.close()
    assert tape.closed


async def test_connecting_takes_no_longer_than_the_time_limit(make_event):
    failures = await sink(Reel(Tape(opening="hangs"))).deliver([make_event(1)])
    assert failures[0].reason == "no connection within 0.2 s"


async def test_deliveries_at_the_same_time_share_one_connection(make_event):
    tape = Tape()
    tested = sink(Reel(tape))
    assert await asyncio.gather(*(tested.deliver([make_event(number)]) for number in range(5))) == [{}] * 5
    assert sorted(tape.published) == list(range(5))


async def test_a_delivery_that_is_cancelled_leaves_nothing_on_its_way(make_event):
    tape = Tape({1: "hangs"})
    delivery = asyncio.ensure_future(sink(Reel(tape), timeout_seconds=60).deliver([make_event(1)]))
    await asyncio.sleep(0.01)
    before = asyncio.all_tasks()
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    await asyncio.sleep(0)
    assert not [task for task in before if not task.done() and task is not asyncio.current_task()]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "http://host"}, "must be tape:// or tapes:// and a host"),
        ({"url": "tape://"}, "and a host"),
        ({"url": "tape://host:0"}, "port"),
        ({"url": "tape://host:99999"}, "port"),
        ({"url": "tape://[::1"}, "not a URL"),
        ({"url": "tape://host?x=1"}, "no query"),
        ({"url": "tape://me:1/hunter22@host"}, "put % codes for"),
        ({"url": "tape://me:hunter?22@host"}, "put % codes for"),
        ({"ca_file": __file__}, "begin the url with tapes://"),
        ({"url": "tapes://host", "cert_file": __file__}, "belong together"),
        ({"url": "tapes://host", "ca_file": "/nowhere/ca.pem"}, "there is no such file"),
    ],
)
def test_a_mistake_is_refused_and_named_without_its_value(wrong, told):
    with pytest.raises(ValueError, match=told) as caught:
        TapeOptions(**{"url": "tape://host"} | wrong)
    assert "hunter22" not in str(caught.value)


def test_options_show_neither_user_nor_password():
    options = TapeOptions(url="tape://joe:hunter%2022@host:1/vhost")
    for text in (repr(options), str(options), options.model_dump_json()):
        assert "hunter" not in text
        assert "joe" not in text
    assert "tape://host:1/vhost" in options.model_dump_json()
    assert options.hidden == {"hunter%2022", "hunter 22"}
    assert (options.user, options.password) == ("joe", "hunter 22")


def test_a_token_in_the_place_of_a_user_is_hidden():
    assert TapeOptions(url="tape://s3cr3t@host").hidden == {"s3cr3t"}
