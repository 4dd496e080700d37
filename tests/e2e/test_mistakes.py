"""What is wrong is said at the start, all at once, with an exit code that a script can tell apart."""

from __future__ import annotations

import pytest
import yaml

from tests.e2e.installation import Installation, until

PROCESSES = ("serve", "work", "schedule")


@pytest.mark.e2e
def test_all_mistakes_of_the_configuration_are_told_at_once(install):
    installation: Installation = install()
    wrong = installation.configuration()
    acme = wrong["tenants"]["acme"]
    acme["timezone"] = "Europe/Brussel"
    acme["colections"] = acme.pop("collections")
    wrong["sinks"]["planning"]["url"] = "ftp://example.com"
    wrong["sinks"]["archive"] = {"type": "flie", "path": "./events"}
    wrong["store"]["partitions"] = 0
    wrong["secret_key"] = "${NOT_SET_ANYWHERE}"
    installation.config.write_text(yaml.safe_dump(wrong), encoding="utf-8")
    for command in ("serve", "run", "check", "ledger"):
        done = installation.run(command)
        assert done.returncode == 78, (command, done.stderr)
        for place in (
            "tenants.acme.timezone",
            "Europe/Brussels",
            "tenants.acme.colections",
            "tenants.acme.collections",
            "sinks.planning.url",
            "sinks.archive.type",
            "store.partitions",
            "NOT_SET_ANYWHERE",
        ):
            assert place in done.stderr, (command, place, done.stderr)
        assert "Traceback" not in done.stderr


@pytest.mark.e2e
def test_a_configuration_that_is_not_there_is_exit_78(install):
    installation: Installation = install()
    installation.config.unlink()
    done = installation.run("check")
    assert (done.returncode, "Traceback" in done.stderr) == (78, False)
    assert "shiftwire.yaml" in done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize(
    "command", [*PROCESSES, "ledger", "events list", "dead-letters list", "check --online"]
)
def test_an_unreachable_store_is_exit_69_with_words(install, command: str):
    done = install().run(*command.split())
    assert done.returncode == 69, done.stderr
    assert "does not answer" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize("command", PROCESSES)
@pytest.mark.parametrize(
    ("redis", "words"),
    [
        (("--appendonly", "no"), ("appendonly yes", "allow_volatile")),
        (("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"), ("allkeys-lru", "noeviction")),
    ],
    ids=["forgets", "evicts"],
)
def test_a_store_that_would_lose_changes_is_refused(install, redis, words, command: str):
    installation: Installation = install(redis=redis)
    installation.start_store()
    done = installation.run(command)
    assert done.returncode == 78, done.stderr
    assert [word for word in words if word not in done.stderr] == []


@pytest.mark.e2e
def test_a_store_that_forgets_is_taken_when_that_is_wanted(install):
    installation: Installation = install(store={"allow_volatile": True}, redis=("--appendonly", "no"))
    installation.start_all()
    number = installation.protime.plan()["id"]
    until(lambda: installation.subscriber.of(number), 10, "a change arrives")
