"""Real connections on loopback; only the name server's answers are made up."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.workers.sinks.receiver import Receiver
from workers.sinks import guarded_transport
from workers.sinks.guarded_transport import AddressRefused, permitted
from workers.sinks.names import look_up


def answering(*addresses):
    asked = []

    async def resolve(host):
        asked.append(host)
        return addresses

    resolve.asked = asked
    return resolve


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/", "http://[::ffff:127.0.0.1]:{}/", "http://localhost:{}/"]
)
async def test_the_own_machine_is_refused_before_any_connection(webhook, receiver, make_event, url):
    sink = webhook(url=url.format(receiver.port), allow_private_addresses=False)
    failures = await sink.deliver([make_event(1)])
    assert (failures[0].scope, failures[0].permanent) == ("sink", False)
    assert "loopback" in failures[0].reason
    assert "allow_private_addresses" in failures[0].reason
    assert receiver.requests == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001"])
async def test_a_number_that_the_resolver_reads_as_loopback_is_refused(webhook, receiver, make_event, host):
    sink = webhook(url=f"http://{host}:{receiver.port}/in", allow_private_addresses=False)
    assert (await sink.deliver([make_event(1)]))[0].scope == "sink"
    assert receiver.requests == []


async def test_a_metadata_service_is_refused_even_with_private_addresses_allowed(webhook, make_event):
    sink = webhook(url="http://receiver.test/", resolve=answering("169.254.169.254"))
    assert "a metadata service" in (await sink.deliver([make_event(1)]))[0].reason


async def test_the_connection_goes_to_the_judged_address_and_the_name_is_kept(webhook, receiver, make_event):
    resolve = answering("127.0.0.1")
    sink = webhook(url=f"http://receiver.test:{receiver.port}/in", resolve=resolve)
    assert await sink.deliver([make_event(1)]) == {}
    assert resolve.asked == ["receiver.test"]
    assert receiver.requests[0].headers["host"] == f"receiver.test:{receiver.port}"


async def test_the_next_address_is_tried_when_one_takes_no_connection(webhook, receiver, make_event):
    sink = webhook(
        url=f"http://receiver.test:{receiver.port}/in", resolve=answering("127.0.0.9", "127.0.0.1")
    )
    assert await sink.deliver([make_event(1)]) == {}
    assert len(receiver.requests) == 1


async def test_a_name_is_not_asked_for_again_while_its_address_takes_connections(
    webhook, receiver, make_event, monkeypatch
):
    resolve = answering("127.0.0.1")
    sink = webhook(url=f"http://receiver.test:{receiver.port}/in", resolve=resolve)
    for number in range(3):
        assert await sink.deliver([make_event(number)]) == {}
    assert resolve.asked == ["receiver.test"]
    later = asyncio.get_running_loop().time() + guarded_transport.KEEP_SECONDS
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: later)
    assert await sink.deliver([make_event(3)]) == {}
    assert resolve.asked == ["receiver.test"] * 2


async def test_a_name_is_asked_for_again_when_no_address_takes_a_connection(webhook, receiver, make_event):
    answers = [["127.0.0.9"], ["127.0.0.8", "127.0.0.9"], ["169.254.169.254"], ["127.0.0.1"]]

    async def moving(host):
        return answers.pop(0)

    sink = webhook(url=f"http://receiver.test:{receiver.port}/in", resolve=moving)
    for _ in range(2):
        assert "no connection" in (await sink.deliver([make_event(1)]))[0].reason
    assert "a metadata service" in (await sink.deliver([make_event(1)]))[0].reason
    assert await sink.deliver([make_event(1)]) == {}
    assert answers == []


def test_of_several_addresses_only_the_permitted_are_used():
    assert permitted("h", ["10.0.0.1", "8.8.8.8"], allow_private=False) == ["8.8.8.8"]
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1 \(private\), ::1 \(loopback\)"):
        permitted("h", ["10.0.0.1", "::1"], allow_private=False)
    with pytest.raises(AddressRefused, match="no address"):
        permitted("h", [], allow_private=True)


def test_the_systems_resolver_gives_each_address_once():
    found = look_up("localhost")
    assert len(found) == len(set(found))
    assert {"127.0.0.1", "::1"} & set(found)


async def test_an_ipv6_address_can_be_written_in_the_url(webhook, make_event):
    failures = await webhook(url="http://[::1]:1/in").deliver([make_event(1)])
    assert "no connection" in failures[0].reason


@pytest.fixture(scope="module")
def tls_receiver(tmp_path_factory):
    """A server with a certificate for receiver.test, and a context that trusts it."""
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("receiver.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    receiver = Receiver(certificate=file)
    receiver.start()
    yield receiver, ssl.create_default_context(cafile=str(file))
    receiver.stop()


@pytest.fixture(scope="module")
def certificate(tls_receiver):
    """The file of that certificate and its key."""
    return tls_receiver[0]._certificate


@pytest.mark.parametrize(("host", "delivered"), [("receiver.test", True), ("other.test", False)])
async def test_the_certificate_is_checked_against_the_name(
    webhook, tls_receiver, make_event, host, delivered
):
    receiver, tls = tls_receiver
    sink = webhook(url=f"https://{host}:{receiver.port}/in", tls=tls, resolve=answering("127.0.0.1"))
    failures = await sink.deliver([make_event(1)])
    assert (failures == {}) is delivered
    assert delivered or (failures[0].scope == "sink" and "certificate" in failures[0].reason)


async def test_an_unknown_authority_is_refused(webhook, tls_receiver, make_event):
    receiver, _ = tls_receiver
    url = f"https://receiver.test:{receiver.port}/in"
    failures = await webhook(url=url, resolve=answering("127.0.0.1")).deliver([make_event(1)])
    assert "certificate" in failures[0].reason


async def test_an_authority_of_ones_own_can_be_named(webhook, tls_receiver, certificate, make_event):
    receiver, _ = tls_receiver
    url = f"https://receiver.test:{receiver.port}/in"
    sink = webhook(url=url, ca_file=certificate, resolve=answering("127.0.0.1"))
    assert await sink.deliver([make_event(1)]) == {}


@pytest.mark.parametrize("known", [True, False])
async def test_a_receiver_that_asks_for_a_client_certificate_gets_it(webhook, certificate, make_event, known):
    receiver = Receiver(certificate=certificate, clients=certificate)
    receiver.start()
    ours = {"cert_file": certificate, "key_file": certificate} if known else {}
    url = f"https://receiver.test:{receiver.port}/in"
    sink = webhook(url=url, ca_file=certificate, resolve=answering("127.0.0.1"), **ours)
    failures = await sink.deliver([make_event(1)])
    await sink.close()
    await asyncio.to_thread(receiver.stop)
    assert (failures == {}) is known
    assert known or not failures[0].permanent


async def test_a_network_of_ones_own_can_be_allowed_without_all_others(webhook, receiver, make_event):
    url = f"http://receiver.test:{receiver.port}/in"
    how = {"url": url, "resolve": answering("127.0.0.1"), "allow_private_addresses": False}
    assert await webhook(**how, allow_addresses=["127.0.0.0/30"]).deliver([make_event(1)]) == {}
    refused = await webhook(**how, allow_addresses=["10.0.0.0/8", "::1/128"]).deliver([make_event(1)])
    assert "loopback" in refused[0].reason


async def test_an_allowed_network_never_opens_a_metadata_service(webhook, make_event):
    sink = webhook(
        url="http://receiver.test/",
        resolve=answering("169.254.169.254"),
        allow_private_addresses=False,
        allow_addresses=["169.254.0.0/16"],
    )
    assert "a metadata service" in (await sink.deliver([make_event(1)]))[0].reason
