"""Every sink beside the bare loop with the same client library and the same guarantees, in one run, one after another.

The brokers and databases on this machine are used; one that is not there is left out, and said so.
`python -m bench.sinks [webhook file …]`
"""

from __future__ import annotations

import subprocess
import sys

SINKS = ("webhook", "file", "redis", "postgres", "rabbitmq", "nats", "mqtt", "kafka", "notify")
#: A sink that takes longer than this is given up.
SECONDS = 300


def measured(sink: str) -> str:
    """The line of one sink, in a process of its own: none warms up another."""
    command = [sys.executable, "-m", f"bench.sink_{sink}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{sink}: not through after {SECONDS} s"
    if done.returncode == 0:
        return done.stdout.strip()
    return f"{sink}: not measured: {(done.stderr.strip().splitlines() or ['no word'])[-1]}"


def main() -> None:
    for sink in sys.argv[1:] or SINKS:
        print(measured(sink), flush=True)


if __name__ == "__main__":
    main()
