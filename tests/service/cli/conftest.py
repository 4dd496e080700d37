from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.cli.past import Installation, refusing_sink, the_past
from workers.store import embedded


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a past, for commands that read."""
    yield from _with_a_past(tmp_path_factory)


@pytest.fixture
def own_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The same for a command that changes something."""
    yield from _with_a_past(tmp_path_factory)


def _with_a_past(paths: pytest.TempPathFactory) -> Iterator[Installation]:
    with refusing_sink() as url:
        made = Installation(paths.mktemp("installation"), url)
        server = embedded.start(made.data_dir)
        made.change(*the_past())
        yield made
        server.stop()
