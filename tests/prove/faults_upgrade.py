"""A rolling upgrade under traffic, and back: processes of an earlier release and of the present tree, in any mixture.

`SHIFTWIRE_PROVE_FROM` names the commit of the earlier release; without it, it is the one before the present one.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.installation import Installation
from tests.prove.fault import Fault, Moment
from tests.prove.faults_processes import DELTA
from tests.prove.strikes import OURS, begun, ended

ROOT = Path(__file__).parents[2]
VARIABLE = "SHIFTWIRE_PROVE_FROM"
#: What a process is started from; tests and documents stay where they are.
BEFORE = "before"
PACKAGES = ("service", "workers", "simulator")


def of_before(house: Installation) -> Callable[[], None]:
    """Prepares an installation: all our processes are started from the earlier release, by the same interpreter."""
    folder = house.directory / BEFORE
    unpack(os.environ.get(VARIABLE, "HEAD~1"), folder)
    house.code |= dict.fromkeys(OURS, folder)
    return lambda: None


def unpack(commit: str, folder: Path) -> None:
    """The packages of a commit. Raises AssertionError with words when there is no git, no history, or no such commit."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", commit, *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        raise AssertionError(f"an upgrade is not tried: git is not installed ({VARIABLE})") from None
    said = done.stderr.decode(errors="replace").strip()
    assert done.returncode == 0, f"an upgrade is not tried: no {commit} in this tree ({VARIABLE}): {said}"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def swapped(moment: Moment) -> None:
    """One process ends in order and is started from the other release: 16 strikes go through every mixture of the two."""
    house = moment.house
    name = next_of([name not in house.code for name in OURS])
    ended(house, name)
    if name in house.code:
        del house.code[name]
    else:
        house.code[name] = house.directory / BEFORE
    begun(house, name)


def next_of(new: Sequence[bool]) -> str:
    """Whose release changes next, where `new` says who of `OURS` is of this one: the order is that of a Gray code."""
    code = sum(1 << place for place, is_new in enumerate(new) if is_new)
    rank = 0
    while code:
        rank, code = rank ^ code, code >> 1
    step = (rank + 1) & -(rank + 1)  # its lowest bit
    return OURS[min(step.bit_length(), len(OURS)) - 1]


FAULTS = (
    Fault(
        "rolling upgrade and downgrade",
        "one process after the other is ended (SIGTERM) and started from this release, or again from the one before",
        "connections are refused while the one receiver is away; both releases share the store",
        "each release reads what the other has stored, and calls its own scripts",
        swapped,
        "tests/prove/test_upgrade.py",
        moments=16,
        prepare=of_before,
    ),
    Fault(
        "rolling upgrade and downgrade, fetch: delta",
        "one process after the other is ended (SIGTERM) and started from the other release, while deltas are pulled",
        "connections are refused while the one receiver is away; both releases share the store",
        "the delta goes on at the link in the store, whichever release pulls it",
        swapped,
        "tests/prove/test_upgrade.py",
        moments=16,
        prepare=of_before,
        **DELTA,
    ),
)
