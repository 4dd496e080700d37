"""Child processes: started, watched, started again when they die, and ended in order."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import structlog

from service.cli.failures import BAD_CONFIGURATION
from workers.store import embedded
from workers.store.embedded import EmbeddedRedis, NoRedis

log = structlog.get_logger()

_POLL_SECONDS = 0.2
_STABLE_SECONDS = 10.0
_LONGEST_PAUSE = 10.0
#: A little more than the processes give themselves to finish what is under way.
_STOP_SECONDS = 25.0


@dataclass
class Child:
    """One command that is to run all the time.

    `blocked` says whether something stands in the way that starting it again does not remove; it counts until the
    process has run for a while.

    With `log` its output goes to that file, and Ctrl-C at the terminal does not reach it: who started it ends it.
    """

    name: str
    command: list[str]
    log: Path | None = None
    blocked: Callable[[], bool] = lambda: False
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    deaths: int = 0
    ran: bool = False

    def start(self, now: float) -> None:
        with self._output() as output:
            self.process = subprocess.Popen(  # noqa: S603  # our own command line
                self.command, stdout=output, stderr=output, start_new_session=self.log is not None
            )
        self.started = now

    def look(self, now: float) -> int | None:
        """Starts it when it is due; a process that dies again and again is given longer and longer pauses.

        The exit code of one that need not be started again: it would end in the same way.
        """
        code = self.process.poll() if self.process is not None else None
        if code is not None:
            stable = now - self.started > _STABLE_SECONDS
            self.ran, self.deaths = self.ran or stable, 1 if stable else self.deaths + 1
            self.process = None
            if self._hopeless(code):
                log.error("process ended, and would end again in the same way", name=self.name, code=code)
                return code
            pause = min(_LONGEST_PAUSE, 0.1 * 2**self.deaths)
            log.warning("process ended", name=self.name, code=code, again_in=pause)
            self.due = now + pause
        if self.process is None and now >= self.due:
            self.start(now)
        return None

    def _hopeless(self, code: int) -> bool:
        return code == BAD_CONFIGURATION or (code > 0 and not self.ran and self.blocked())

    def _output(self) -> AbstractContextManager[IO[bytes] | None]:
        return self.log.open("ab") if self.log else nullcontext()


@dataclass
class Family:
    """The processes of one installation, and its Redis if it is our own."""

    children: list[Child]
    redis_directory: Path | None = None
    redis: EmbeddedRedis | None = None
    stopping: bool = field(default=False)

    def start(self) -> None:
        if self.redis_directory is not None:
            self.redis = _redis(self.redis_directory)
        for child in self.children:
            child.start(time.monotonic())

    def look(self) -> int | None:
        """One look at all; call it a few times a second. The exit code of a process that need not be started again."""
        if (
            self.redis is not None
            and self.redis_directory is not None
            and self.redis.process.poll() is not None
        ):
            log.warning("embedded Redis ended, starting it again", code=self.redis.process.returncode)
            self.redis = _redis(self.redis_directory)
        codes = [child.look(time.monotonic()) for child in self.children]
        return next((code for code in codes if code is not None), None)

    def stop(self) -> None:
        """SIGTERM to all at once, SIGKILL to those that are not through by the deadline, and Redis last."""
        running = [c.process for c in self.children if c.process is not None and c.process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.redis is not None:
            self.redis.stop()

    def run(self) -> int:
        """Until SIGTERM or SIGINT, or until a process need not be started again; its exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            self.start()
            while not self.stopping:
                if (code := self.look()) is not None:
                    return code
                time.sleep(_POLL_SECONDS)
            return 0
        finally:
            self.stop()

    def _stop(self, *_: object) -> None:
        self.stopping = True


def _redis(directory: Path) -> EmbeddedRedis:
    """Raises `NoRedis`."""
    try:
        return embedded.start(directory)
    except OSError as error:
        raise NoRedis(
            f"the embedded Redis cannot keep its data in {directory} ({error.strerror}). Name a folder that can be "
            "written to as store.data_dir, or set store.url to a Redis that runs"
        ) from None


def shiftwire(*arguments: str) -> list[str]:
    """Our own command line in a process of its own."""
    return [sys.executable, "-m", "service", *arguments]
