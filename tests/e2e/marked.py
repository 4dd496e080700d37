"""An installation in which every secret is marked, beside the worst neighbour there is; and all that it says."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml
from redis import Redis

from tests.e2e.echo import Echo
from tests.e2e.installation import Installation, reachable, until
from tests.e2e.marks import Marks

PROCESSES = ("serve", "work", "schedule")
#: Nobody listens there.
NOWHERE = "127.0.0.1:9"


class Marked:
    """An installation whose every secret is marked. `seen`: all that it said, by where."""

    def __init__(self, installation: Installation, marks: Marks) -> None:
        self.installation, self.marks = installation, marks
        self.echo = Echo(marks["accesstoken"], marks["webhookkey"])
        self.seen: dict[str, bytes] = {}
        self.installation.config.write_text(yaml.safe_dump(self.configuration()), encoding="utf-8")

    def configuration(self) -> dict[str, Any]:
        marks, plain = self.marks, self.installation.configuration()
        acme = plain["tenants"]["acme"]
        acme["collections"] = {"assignments": {"since": "2026-01-01"}, "people": {"fetch": "payload"}}
        other = {
            **acme,
            "base_url": self.echo.url,
            "auth_url": self.echo.url,
            "collections": {"assignments": {"since": "2026-01-01"}},
        }
        by_hand = {"token": marks["pathtoken"], "keys": [marks["handkey"]]}
        denied = {"assignments": {"since": "2026-01-01", "webhook": by_hand}}
        return {
            **plain,
            "secret_key": marks["secretkey"],
            "previous_secret_keys": [marks["previouskey"]],
            "store": {"url": f"redis://:{marks['storepassword']}@127.0.0.1:{self.installation.redis_port}/0"},
            "admin_tokens": {"operator": marks["operator"], "viewer": marks["viewer"]},
            "tenants": {
                "acme": acme,
                "echo": {**other, "client_secret": marks["clientsecret"]},
                "denied": {**other, "client_secret": marks["deniedsecret"], "collections": denied},
            },
            "sinks": {**plain["sinks"], **self.sinks()},
        }

    def sinks(self) -> dict[str, Any]:
        """One that answers with all it was sent, a folder, and of every other kind one whose broker is away."""
        marks = self.marks
        retry = {"retry": {"min_seconds": 0.1, "max_seconds": 1}, "timeout_seconds": 2}

        def at(scheme: str, name: str) -> dict[str, Any]:
            return {"type": name, "url": f"{scheme}://user:{marks[name]}@{NOWHERE}", **retry}

        echoing = {
            "type": "webhook",
            "url": f"{self.echo.url}/in/{marks['urlpath']}?token={marks['urlquery']}",
            "secret": "whsec_" + base64.b64encode(marks["signing"].encode()).decode(),
            "headers": {"Authorization": f"Bearer {marks['header']}", "X-Api-Key": marks["apikey"]},
            "allow_private_addresses": True,
            **retry,
        }
        sasl = {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "user",
            "sasl.password": marks["kafka"],
        }
        return {
            "echoing": echoing,
            "archive": {"type": "file", "path": str(self.installation.directory / "archive")},
            "rabbitmq": at("amqp", "rabbitmq"),
            "nats": at("nats", "nats"),
            "mqtt": at("mqtt", "mqtt"),
            "redis": at("redis", "redis"),
            "postgres": {**at("postgresql", "postgres"), "url": f"postgresql://user:{marks['pg']}@{NOWHERE}/db"},
            "kafka": {"type": "kafka", "bootstrap_servers": NOWHERE, "options": sasl, **retry},
            "notify": {"type": "notify", "urls": [f"json://user:{marks['notify']}@{NOWHERE}/{marks['room']}"], **retry},
        }  # fmt: skip

    def start(self) -> None:
        house = self.installation
        house.start("simulator")
        house.start_store()
        Redis(port=house.redis_port).config_set("requirepass", self.marks["storepassword"])
        until(lambda: reachable(house.simulator_port), 15, "the simulator answers")
        house.start(*PROCESSES)
        until(lambda: reachable(house.port), 20, "the receiver answers")

    def store(self) -> Redis:
        return Redis(port=self.installation.redis_port, password=self.marks["storepassword"])

    def command(self, *words: str) -> int:
        done = self.installation.run(*words)
        self._note(f"`{' '.join(words)}`", f"{done.stdout}{done.stderr}")
        return done.returncode

    def request(self, method: str, path: str, **how: Any) -> int:
        answer = self.installation.http.request(method, path, **how)
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        self._note(f"{method} {path.replace(self.marks['pathtoken'], '…')}", f"{head}{answer.text}")
        return answer.status_code

    def _note(self, where: str, text: str) -> None:
        self.seen[where] = self.seen.get(where, b"") + text.encode()

    def logs(self) -> dict[str, bytes]:
        return {
            f"{name}.log": (self.installation.directory / f"{name}.log").read_bytes() for name in PROCESSES
        }

    def processes(self) -> dict[str, bytes]:
        """The command lines of all processes of ours, which everybody on the machine can read."""
        pids = [process.pid for name, process in self.installation.processes.items() if name in PROCESSES]
        return {f"process {pid}": Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids}

    def files(self) -> dict[str, bytes]:
        """All but the configuration and the logs: the store's files, and the sink's."""
        found = (p for p in self.installation.directory.rglob("*") if p.is_file())
        return {str(p.name): p.read_bytes() for p in found if p.suffix not in {".yaml", ".log"}}


def dump(redis: Redis) -> bytes:
    """Every name and value of the store."""
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
        b"none": lambda _: b"",  # it ended at this moment
    }
    return b"\n".join(
        b"%s %s" % (key, repr(readers[redis.type(key)](key)).encode()) for key in redis.scan_iter()
    )
