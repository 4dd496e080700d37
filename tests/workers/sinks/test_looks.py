"""What `check --online` learns of a sink: the target itself is asked, and it gets no event by it."""

from __future__ import annotations

import pytest

from tests.ports import free_port
from tests.workers.sinks.rigs import RIGS
from tests.workers.sinks.servers import needs
from workers.sinks import REGISTRY
from workers.sinks.base import Look

#: Only an event would tell.
BLIND = {"console", "notify"}


@pytest.fixture(params=sorted(RIGS))
def rig(request, tmp_path):
    rig = RIGS[request.param](tmp_path)
    rig.kind = request.param
    yield rig
    rig.close()


async def look(kind, **options):
    sink = REGISTRY[kind].create("looked-at", REGISTRY[kind].options(type=kind, **options))
    try:
        return await sink.look()
    finally:
        await sink.close()


async def test_a_target_that_is_there_is_no_problem_and_gets_no_event(rig):
    sink = rig.sink()
    found = await sink.look()
    assert found.problem == ""
    assert bool(found.unseen) == (rig.kind in BLIND | {"webhook"})
    assert rig.subjects() == []
    await sink.close()


async def test_a_target_that_is_away_is_a_problem_and_no_secret_is_in_its_words(rig):
    if rig.kind in BLIND:
        pytest.skip("only an event would tell")
    sink = rig.sink(timeout_seconds=3)
    rig.take_away()
    found = await sink.look()
    rig.bring_back()
    assert found.problem
    assert not [secret for secret in rig.secrets if secret in found.problem]
    await sink.close()


async def test_a_sink_that_has_looked_delivers(rig, make_event):
    sink = rig.sink()
    await sink.look()
    assert await sink.deliver([make_event(1)]) == {}
    await sink.close()


async def test_a_broker_that_refuses_the_password_is_a_problem():
    needs("127.0.0.1", 5672, "RabbitMQ")
    found = await look("rabbitmq", url="amqp://guest:wrong-password@127.0.0.1/", exchange="")
    assert "ACCESS_REFUSED" in found.problem
    assert "wrong-password" not in found.problem


async def test_an_exchange_that_is_not_there_is_a_problem_unless_the_sink_makes_it():
    needs("127.0.0.1", 5672, "RabbitMQ")
    url = "amqp://guest:guest@127.0.0.1/"
    missing = await look("rabbitmq", url=url, exchange="shiftwire-test-none")
    assert "declare: true" in missing.problem
    assert await look("rabbitmq", url=url, exchange="shiftwire-test-none", declare=True) == Look()
    assert await look("rabbitmq", url=url, exchange="shiftwire-test-none") == missing, "looking made it"


@pytest.mark.parametrize(
    ("place", "words"),
    [("nobody@127.0.0.1/test", "nobody"), ("postgres@127.0.0.1/no-such-database", "no-such-database")],
)
async def test_a_role_or_database_that_is_not_there_is_a_problem(place, words):
    needs("127.0.0.1", 5432, "PostgreSQL")
    assert words in (await look("postgres", url=f"postgresql://{place}")).problem


async def test_tables_are_not_made_by_looking_and_are_missed_only_where_the_sink_makes_none():
    needs("127.0.0.1", 5432, "PostgreSQL")
    given = {"url": "postgresql://postgres@127.0.0.1/test", "events_table": "shiftwire_test_none"}
    assert await look("postgres", **given) == Look()
    assert "shiftwire_test_none" in (await look("postgres", **given, create_tables=False)).problem


async def test_a_redis_that_refuses_the_user_is_a_problem():
    needs("127.0.0.1", 6379, "Redis")
    found = await look("redis", url="redis://nobody:wrong-password@127.0.0.1")
    assert "username-password pair" in found.problem
    assert "wrong-password" not in found.problem


async def test_a_kafka_that_cannot_be_reached_is_a_problem():
    found = await look("kafka", bootstrap_servers=f"127.0.0.1:{free_port()}", timeout_seconds=1)
    assert "Connection refused" in found.problem


async def test_a_folder_that_takes_no_file_is_a_problem_whatever_its_permissions_say():
    # Root may do everything there, by its permissions.
    assert "cannot be written" in (await look("file", path="/proc/shiftwire-events")).problem


async def test_looking_at_a_folder_leaves_nothing_in_it_and_does_not_make_it(tmp_path):
    assert await look("file", path=tmp_path / "later" / "events") == Look()
    assert list(tmp_path.iterdir()) == []


async def test_a_receiver_that_must_not_be_sent_to_is_a_problem():
    found = await look("webhook", url=f"http://127.0.0.1:{free_port()}/in", unsigned=True)
    assert "loopback" in found.problem
