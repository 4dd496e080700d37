"""What the demo starts: free ports, a folder, a configuration, a simulator, and beside it an installation as `run` makes it."""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from service.cli.processes import Child, Family, shiftwire

TENANT = "acme"
TIMEZONE = "Europe/Brussels"
CLIENT_ID, CLIENT_SECRET = "shiftwire", "simulated-secret"  # of the simulator
#: One collection for each way of fetching, and one more that recalculation changes.
COLLECTIONS = {
    "assignments": {"fetch": "delta"},
    "clockings": {"fetch": "payload"},
    "calculated-totals": {"fetch": "delta"},
    "paid-presences": {"fetch": "resource"},
}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Setup:
    """`directory` is fresh, and holds everything that is written; `sink_url` is where signed events go."""

    directory: Path
    sink_url: str
    sink_secret: str
    today: date
    people: int
    seed: int
    port: int = field(default_factory=free_port)
    simulator_port: int = field(default_factory=free_port)

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def service(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        return self.directory / "shiftwire.yaml"

    @property
    def data_dir(self) -> Path:
        return self.directory / "shiftwire-data"

    @property
    def archive(self) -> Path:
        return self.directory / "archive"

    def family(self) -> Family:
        """Writes the configuration; the processes are yet to be started."""
        self.config.write_text(yaml.safe_dump(self.configuration(), sort_keys=False), encoding="utf-8")
        simulator = [
            "simulator",
            "--port",
            str(self.simulator_port),
            "--settings",
            json.dumps(self._switches()),
        ]
        ours = [[name, "--config", str(self.config)] for name in ("serve", "work", "schedule")]
        children = [
            Child(line[0], shiftwire(*line), self.directory / f"{line[0]}.log") for line in (simulator, *ours)
        ]
        return Family(children, self.data_dir)

    def configuration(self) -> dict[str, Any]:
        """As a user would write it."""
        return {
            "public_url": self.service,
            "secret_key": secrets.token_urlsafe(32),
            "store": {"data_dir": str(self.data_dir)},
            "server": {"host": "127.0.0.1", "port": self.port},
            "tenants": {TENANT: self._tenant()},
            "sinks": {
                "planning": self._webhook_sink(),
                "archive": {"type": "file", "path": str(self.archive)},
            },
            "subscriptions": {"check_seconds": 1},
        }

    def _tenant(self) -> dict[str, Any]:
        since = (self.today - timedelta(days=30)).isoformat()
        return {
            "base_url": self.simulator,
            "auth_url": self.simulator,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "user_agent": "ShiftwireDemo/v1 (Shiftwire)",
            "timezone": TIMEZONE,
            "requests_per_minute": 6000,
            "collections": {name: {"since": since, **how} for name, how in COLLECTIONS.items()},
        }

    def _webhook_sink(self) -> dict[str, Any]:
        return {
            "type": "webhook",
            "url": self.sink_url,
            "secret": self.sink_secret,
            "allow_private_addresses": True,
        }

    def _switches(self) -> dict[str, Any]:
        who = {"tenant": TENANT, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "timezone": TIMEZONE}
        return {
            **who,
            "people": self.people,
            "seed": self.seed,
            "rate_limit_per_minute": 0,
            "event_history": 20_000,
        }


def complaints(directory: Path, most: int = 15) -> str:
    """The last lines of the processes' logs that tell of trouble, or their last lines, for whoever looks for a cause."""
    shown = []
    for path in sorted(directory.glob("*.log")):
        lines = path.read_text(errors="replace").splitlines()
        trouble = [
            text for text in lines if '"warning"' in text or '"error"' in text or not text.startswith("{")
        ]
        shown += [f"{path.stem}: {text}" for text in (trouble or lines)[-most:]]
    return "\n".join(shown)
