"""How Redis gets into trouble: each of these makes it happen and returns when its cause is gone."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from tests.e2e.installation import Installation, answers_ping, until
from tests.prove.fault import Moment

#: A transaction as Redis writes it to its file, never carried out.
TRANSACTION = (
    b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$4\r\ndone\r\n"
    b"*3\r\n$3\r\nSET\r\n$5\r\nother\r\n$4\r\nhalf\r\n*1\r\n$4\r\nEXEC\r\n"
)


def out_of_memory(moment: Moment) -> None:
    with asked(moment.house) as redis:
        used = redis.info("memory")["used_memory"]
        redis.config_set("maxmemory", used + moment.rng.randrange(200_000))
        time.sleep(moment.rng.uniform(1.0, 3.0))
        redis.config_set("maxmemory", 0)


def disk_full(moment: Moment) -> None:
    """For one to three seconds, in which an orchestrator starts Redis again and again."""
    house, full_until = moment.house, time.monotonic() + moment.rng.uniform(1.0, 3.0)
    size = appended(house).stat().st_size + moment.rng.randrange(20_000)
    while time.monotonic() < full_until:
        redis = house.processes["redis"]
        resource.prlimit(redis.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        until(lambda: redis.poll() is not None, 15, "Redis cannot write and ends", every=0.01)  # noqa: B023
        assert redis.returncode == 1, f"Redis ended with {redis.returncode}"
        house.start("redis")
    resource.prlimit(
        house.processes["redis"].pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )
    back(house)


def read_only(moment: Moment) -> None:
    with asked(moment.house) as redis:
        redis.replicaof("127.0.0.1", "1")  # nobody is there
        time.sleep(moment.rng.uniform(1.0, 2.0))
        redis.replicaof("NO", "ONE")


def torn(moment: Moment) -> None:
    """What a loss of power leaves: the beginning of a command, or of a transaction."""
    house = moment.house
    house.kill("redis")
    with appended(house).open("ab") as file:
        file.write(TRANSACTION[: moment.rng.randrange(1, len(TRANSACTION))])
    mended(house)
    with asked(house) as redis:
        assert not redis.exists("half", "other"), "half a transaction was carried out"


def mended(house: Installation) -> None:
    """Redis refuses a torn file, and its own checker takes out what was begun; the embedded Redis does so by itself."""
    house.start("redis")
    redis = house.processes["redis"]
    until(lambda: redis.poll() is not None or answers_ping(house.redis_port), 15, "Redis decides", every=0.01)
    if redis.poll() is not None:  # else it happened to end between two transactions
        (file,) = house.directory.rglob("*.manifest")
        subprocess.run(
            ["redis-check-aof", "--fix", str(file)],
            executable=house.command("redis")[0],
            input=b"y\n",
            capture_output=True,
            check=True,
        )
        house.start("redis")
    back(house)


def shortened(moment: Moment) -> None:
    """With deliveries under way, whose events may be gone when their answer comes."""
    house = moment.house
    house.subscriber.seconds = lambda: 0.6
    time.sleep(0.7)
    house.kill("redis")
    file = appended(house)
    os.truncate(file, file.stat().st_size - moment.rng.randrange(1, 256 * 1024))
    mended(house)
    time.sleep(moment.rng.uniform(0.0, 0.6))
    house.subscriber.seconds = lambda: 0.0


def stalled(moment: Moment) -> None:
    redis = moment.house.processes["redis"]
    redis.send_signal(signal.SIGSTOP)
    time.sleep(moment.rng.uniform(3.0, 8.0))
    redis.send_signal(signal.SIGCONT)


def slow_to_load(moment: Moment) -> None:
    """Two to four seconds, in which every command is answered `LOADING`."""
    house = moment.house
    house.kill("redis")
    commands = appended(house).read_bytes().count(b"\r\n*")
    microseconds = 1_000_000 * moment.rng.uniform(2.0, 4.0) / commands
    settings, house.redis = house.redis, (*house.redis, "--key-load-delay", str(round(microseconds)))
    house.start("redis")
    house.redis = settings
    back(house)


def restarted(moment: Moment) -> None:
    moment.house.end("redis")
    moment.house.start("redis")
    back(moment.house)


def connections_killed(moment: Moment) -> None:
    with asked(moment.house) as redis:
        redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def scripts_forgotten(moment: Moment) -> None:
    with asked(moment.house) as redis:
        redis.script_flush()


@contextmanager
def asked(house: Installation) -> Iterator[Redis]:
    redis = Redis(port=house.redis_port)
    try:
        yield redis
    finally:
        redis.close()


def appended(house: Installation) -> Path:
    """The file to which Redis appends every write."""
    return max(house.directory.rglob("appendonly*.aof"), key=lambda file: file.stat().st_mtime)


def back(house: Installation) -> None:
    until(lambda: answers_ping(house.redis_port), 15, "Redis answers", every=0.01)
    house.revive()
