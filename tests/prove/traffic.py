"""Changes that never stop while faults happen: numbered, of many resources, in an open model."""

from __future__ import annotations

import threading

from tests.e2e.stand_in import StandIn

RESOURCES, PER_SECOND = 200, 100


class Traffic(threading.Thread):
    """`PER_SECOND` changes a second until `stop`, whatever becomes of those before."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._protime = StandIn(port)
        self._seed = seed
        self._ended = threading.Event()
        self.error: Exception | None = None

    def begin(self) -> None:
        self._ids = self._protime.generate(count=RESOURCES, changes=RESOURCES, seed=self._seed)
        self.start()

    def run(self) -> None:
        try:
            second = self._seed
            while not self._ended.wait(1.0):
                second += 1
                self._protime.generate(
                    resources=self._ids, changes=PER_SECOND, per_second=PER_SECOND, seed=second
                )
        except Exception as error:  # noqa: BLE001  # raised where it is waited for
            self.error = error

    def stop(self) -> None:
        self._ended.set()
        self.join()
        self._protime.close()
        if self.error:
            raise self.error
