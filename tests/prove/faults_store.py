"""What may become of Redis besides `kill -9`: no memory, no disk, no writes, a torn or shortened file, silence."""

from __future__ import annotations

from tests.e2e.installation import ASSIGNMENTS
from tests.prove.fault import Fault
from tests.prove.redis_troubles import (
    connections_killed,
    disk_full,
    out_of_memory,
    read_only,
    scripts_forgotten,
    shortened,
    slow_to_load,
    stalled,
    torn,
)

TEST = "tests/prove/test_store_faults.py"
#: A torn file is not loaded as if nothing were.
STRICT = {"redis": ("--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "no")}
#: What was accepted and is gone again comes by the delta.
REPAIRED = {"assignments": {**ASSIGNMENTS["assignments"], "fetch": "delta", "poll_seconds": 2}}

FAULTS = (
    Fault(
        "Redis out of memory",
        "`maxmemory` reached for 1 to 3 s",
        "every script that writes is refused as a whole, and so is reading the queue",
        "notifications are answered 503; workers leave their work where it is; all go on when there is room",
        out_of_memory,
        "tests/service/test_acceptance.py",
    ),
    Fault(
        "disk full under Redis",
        "no write to the append-only file for 1 to 3 s",
        "with an fsync on every append Redis takes the torn write back and ends with exit code 1 before it answers",
        "as a killed Redis: what was answered 202 is in the file; it is started again until there is room",
        disk_full,
        TEST,
    ),
    Fault(
        "Redis takes no writes",
        "it is made a replica of nobody for 1 to 2 s",
        "reads go on, every write is answered `READONLY`, who waits for a wake-up is sent away",
        "notifications are answered 503; workers leave their work where it is",
        read_only,
        "tests/service/test_acceptance.py",
    ),
    Fault(
        "half a write at the end of the file",
        "a loss of power: the last command, or transaction, is incomplete",
        "Redis does not start (`aof-load-truncated no`) until `redis-check-aof --fix` has taken the transaction out; the "
        "embedded Redis does so by itself. With `yes` it starts, and at its next start may carry out the half or drop what "
        "came after it",
        "what was torn was not answered, so nobody relies on it: the sender repeats it",
        torn,
        TEST,
        house=STRICT,
    ),
    Fault(
        "the end of the file gone",
        "a disk that lied: up to 256 KiB of acknowledged writes are missing after `kill -9` of Redis",
        "accepted changes, bookkeeping and log entries of the last moments are gone, all of one script together",
        "the delta brings the net change: its new link is stored in the life of Redis that took what lies before it, or not at "
        "all; intermediate states may be missed; what was delivered may come again with the same id and state, and another "
        "`time` and `origin`",
        shortened,
        TEST,
        house=STRICT,
        every=False,
        forgets=True,
        collections=REPAIRED,
    ),
    Fault(
        "Redis silent",
        "`SIGSTOP` for 3 to 8 s",
        "connections stay, no command is answered",
        "notifications are answered 503 after 2 s each; workers give up a command after 5 s, leases end, the sweep comes",
        stalled,
        "tests/service/test_acceptance.py",
    ),
    Fault(
        "Redis slow to load",
        "`kill -9`, then 2 to 4 s of loading its file",
        "every command is answered `LOADING`",
        "as long as Redis is away: 503, and nothing is begun",
        slow_to_load,
        TEST,
    ),
    Fault(
        "connections to Redis killed",
        "`CLIENT KILL` of all of them",
        "commands under way have no answer",
        "a command is sent again once; a script that was carried out twice changes nothing",
        connections_killed,
        TEST,
    ),
    Fault(
        "scripts forgotten",
        "`SCRIPT FLUSH`",
        "scripts are answered `NOSCRIPT`",
        "they are sent again in full",
        scripts_forgotten,
        "tests/workers/store/test_gate.py",
    ),
)
