"""A candidate at work: Protime, a Redis with an fsync on every append, its processes, and the sink in this process."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.candidates import Candidate, Command, Place
from bench.configuration import PATH
from bench.load import request
from bench.processes import Processes
from bench.protime import Change, Protime, protime
from bench.servers import free_port, wait_for
from bench.sink import Arrivals, sink
from workers.store import embedded

_START_SECONDS = 30.0
_ALL_SECONDS = 60.0
_LOOK_SECONDS = 0.02


@dataclass
class House:
    """`made` is how many assignments Protime has: they are numbered from 1."""

    candidate: Candidate
    protime: Protime
    processes: Processes
    arrivals: Arrivals
    place: Place
    commands: Mapping[str, Command]
    made: int = 0

    @property
    def port(self) -> int:
        return self.place.port

    def start(self, name: str) -> None:
        command = self.commands[name]
        self.processes.start(name, command.arguments, command.environment)

    async def changes(self, count: int) -> list[Change]:
        """So many new assignments at Protime."""
        first, self.made = self.made + 1, self.made + count
        return await asyncio.to_thread(self.protime.created, first, count)

    async def delivered(self, changes: Sequence[Change], seconds: float = _ALL_SECONDS) -> bool:
        """Waits until all of them have come; False when some did not in so many seconds."""
        keys, first = {change.key for change in changes}, self.arrivals.first
        deadline = asyncio.get_running_loop().time() + seconds
        while not keys <= first.keys():
            if asyncio.get_running_loop().time() > deadline:
                return False
            self.processes.check()
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Everything but the receiver is frozen: what is accepted piles up."""
        names = [name for name in self.processes.heads if name != "receiver"]
        self.processes.signal(signal.SIGSTOP, *names)
        try:
            yield
        finally:
            self.processes.signal(signal.SIGCONT, *names)


def requests(changes: Sequence[Change]) -> list[bytes]:
    return [request(PATH, change.body) for change in changes]


@asynccontextmanager
async def house(candidate: Candidate) -> AsyncIterator[House]:
    """Ends what it started, whatever happens."""
    sink_port = free_port()
    with tempfile.TemporaryDirectory() as name, protime(Path(name)) as simulator:
        folder = Path(name)
        server = embedded.start(folder / "redis")
        try:
            place = Place(folder, server.url, simulator.address, f"http://127.0.0.1:{sink_port}", free_port())
            with _processes(folder, server.process.pid) as processes:
                async with sink(sink_port) as arrivals:
                    commands = candidate.commands(place)
                    found = House(candidate, simulator, processes, arrivals, place, commands)
                    for process in commands:
                        found.start(process)
                    await asyncio.to_thread(wait_for, place.port, _START_SECONDS)
                    yield found
        finally:
            server.stop()


@contextmanager
def _processes(folder: Path, redis: int) -> Iterator[Processes]:
    processes = Processes(folder, others={"redis": redis})
    try:
        yield processes
    finally:
        processes.stop()
