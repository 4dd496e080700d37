"""Receivers that misbehave: the sink answers in time, reads little, and goes nowhere else."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time

import pytest

from tests.workers.sinks.receiver import Answer

TIMEOUT = 0.4


@pytest.fixture
def attempt(webhook, make_event):
    """One delivery: the failure (None when delivered) and how long it took."""

    async def deliver(url, **options):
        started = time.monotonic()
        failures = await webhook(url=url, timeout_seconds=TIMEOUT, **options).deliver([make_event(1)])
        return failures.get(0), time.monotonic() - started

    return deliver


async def dripping(writer, data, *, pause=0.02):
    for byte in data:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(pause)


async def test_a_dripping_head_is_cut_off_at_the_deadline(hostile, attempt):
    async def drip(_, writer):
        await dripping(writer, b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1000)

    async with hostile(drip) as url:
        failure, seconds = await attempt(url)
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "no answer within 0.4 s" in failure.reason
    assert seconds < TIMEOUT + 0.4


@pytest.mark.parametrize(("status", "delivered"), [(200, True), (422, False)])
async def test_a_dripping_body_is_cut_off_and_the_status_counts(hostile, attempt, status, delivered):
    async def drip(_, writer):
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 9999\r\n\r\n" % status)
        await dripping(writer, b"z" * 1000)

    async with hostile(drip) as url:
        failure, seconds = await attempt(url)
    assert (failure is None) is delivered
    assert delivered or (failure.permanent and failure.reason.startswith("HTTP 422: zzz"))
    assert seconds < TIMEOUT + 0.4


async def test_endless_interim_answers_are_cut_off(hostile, attempt):
    async def flood(_, writer):
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with hostile(flood) as url:
        failure, seconds = await attempt(url)
    assert failure.scope == "sink"
    assert seconds < TIMEOUT + 0.4


async def test_of_a_hundred_megabytes_only_the_beginning_is_read(hostile, attempt):
    written = 0

    async def pour(_, writer):
        nonlocal written
        writer.write(b"HTTP/1.1 500 X\r\ncontent-length: 104857600\r\n\r\n")
        for _ in range(1600):
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    async with hostile(pour) as url:
        failure, _ = await attempt(url)
        await asyncio.sleep(0.05)
    assert failure.reason.startswith("HTTP 500: xxx")
    assert len(failure.reason) < 400
    assert written < 20_000_000


async def test_a_compressed_answer_is_not_unpacked(hostile, attempt):
    async def bomb(_, writer):
        body = gzip.compress(b"x" * 10_000_000)
        writer.write(b"HTTP/1.1 500 X\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body))
        writer.write(body)

    async with hostile(bomb) as url:
        failure, _ = await attempt(url)
    assert failure.reason.startswith("HTTP 500")
    assert "xxx" not in failure.reason


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00" * 200])
async def test_a_connection_that_breaks_may_be_the_events_doing_and_is_tried_again(hostile, attempt, answer):
    async def hang_up(_, writer):
        writer.write(answer)
        await writer.drain()

    async with hostile(hang_up) as url:
        failure, _ = await attempt(url)
    assert (failure.scope, failure.permanent) == ("event", False)
    assert "broke before an answer" in failure.reason


async def test_a_body_cut_short_does_not_undo_a_2xx(hostile, attempt):
    async def hang_up(_, writer):
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nonly this")
        await writer.drain()

    async with hostile(hang_up) as url:
        assert (await attempt(url))[0] is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(receiver, attempt, status):
    receiver.answer = Answer(status, headers={"Location": receiver.url})
    failure, _ = await attempt(receiver.url)
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "redirects are not followed" in failure.reason
    assert len(receiver.requests) == 1


async def test_a_receiver_that_is_gone_is_a_matter_of_the_sink(receiver, attempt):
    receiver.answer = Answer(410)
    failure, _ = await attempt(receiver.url)
    assert (failure.scope, failure.permanent) == ("sink", False)


async def test_a_port_where_nobody_listens_is_a_matter_of_the_sink(attempt):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        failure, _ = await attempt(f"http://127.0.0.1:{unused.getsockname()[1]}/in")
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "no connection" in failure.reason


async def test_an_unknown_host_is_a_matter_of_the_sink(attempt):
    async def unknown(host):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    failure, _ = await attempt("http://receiver.test/in", resolve=unknown)
    assert (failure.scope, failure.permanent) == ("sink", False)
    assert "Name or service not known" in failure.reason


async def test_a_slow_name_server_is_within_the_deadline(attempt):
    async def slow(host):
        await asyncio.sleep(30)

    failure, seconds = await attempt("http://receiver.test/in", resolve=slow)
    assert failure.scope == "sink"
    assert seconds < TIMEOUT + 0.4


async def test_a_cancelled_delivery_is_cancelled(webhook, receiver, make_event):
    receiver.answer = Answer(after_seconds=0.3)
    task = asyncio.create_task(webhook().deliver([make_event(1)]))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
