"""Processes by name, each the head of a session of its own: what they use is counted together with their children."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 25.0


@dataclass
class Processes:
    """`folder` gets one log for each. `others` were started by somebody else, and are counted too."""

    folder: Path
    heads: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.heads[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    def signal(self, number: signal.Signals, *names: str) -> None:
        """To all processes of these sessions."""
        for name in names:
            os.killpg(self.heads[name].pid, number)

    def stop(self) -> None:
        for head in self.heads.values():
            head.terminate()
        for head in self.heads.values():
            _ended(head)

    def check(self) -> None:
        """Raises `RuntimeError` when one of them has ended."""
        for name, head in self.heads.items():
            if head.poll() is not None:
                raise RuntimeError(f"{name} ended with {head.returncode}: {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-1000:]

    def cpu_seconds(self) -> dict[str, float]:
        """Of each by its name, with its children, and those of them that have ended."""
        used: dict[str, float] = {}
        for name, pid in self._pids():
            used[name] = used.get(name, 0.0) + cpu_seconds(pid)
        return used

    def peak_mb(self) -> float:
        """The most memory that each of them ever had, added up; what they share counts for each."""
        return sum(peak_mb(pid) for _, pid in self._pids())

    def _pids(self) -> Iterator[tuple[str, int]]:
        sessions = {head.pid: name for name, head in self.heads.items()}
        yield from self.others.items()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))) and int(fields[3]) in sessions:
                yield sessions[int(fields[3])], int(entry.name)


def _ended(head: subprocess.Popen[bytes]) -> None:
    try:
        head.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(head.pid, signal.SIGKILL)
        head.wait()


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process and its children that ended have used so far."""
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15]) / _TICKS if fields else 0.0


def peak_mb(pid: int) -> float:
    """The most memory a process ever had, in MB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _stat(pid: int) -> list[str]:
    """The fields behind the name: state, parent, group, session …; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []
