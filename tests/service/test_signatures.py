"""Who may speak: only a body signed with one of the keys passes, and no header, however odd, does harm."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.signatures import Scheme, verify

BODY = b'{"changeType":"Delete","data":{"id":7}}'
KEY, OTHER = b"the key", b"another key"
SCHEME = Scheme((b"x-protime-signature",))
ALGORITHMS = ("sha256", "sha384", "sha512")


def mac(body: bytes = BODY, key: bytes = KEY, algorithm: str = "sha256") -> bytes:
    return hmac.digest(key, body, algorithm)


def in_base64(body: bytes = BODY, key: bytes = KEY, algorithm: str = "sha256") -> bytes:
    return base64.b64encode(mac(body, key, algorithm))


def is_good(
    sent: bytes, *, body: bytes = BODY, keys: tuple[bytes, ...] = (KEY,), scheme: Scheme = SCHEME
) -> bool:
    return verify(body, sent, keys, scheme)


@pytest.mark.rule("8.6-encoding")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "written",
    [
        lambda m, _: base64.b64encode(m),
        lambda m, _: m.hex().encode(),
        lambda m, _: m.hex().upper().encode(),
        lambda m, name: name + b"=" + base64.b64encode(m),
        lambda m, name: name.upper() + b"=" + m.hex().encode(),
        lambda m, _: b"  " + base64.b64encode(m) + b"\t",
    ],
    ids=["base64", "hex", "upper hex", "prefixed base64", "prefixed hex", "spaces around"],
)
def test_every_way_to_write_a_good_signature_is_accepted(algorithm: str, written: object) -> None:
    sent = written(mac(algorithm=algorithm), algorithm.encode())  # type: ignore[operator]
    assert is_good(sent, scheme=Scheme((b"x",), algorithm))


@pytest.mark.rule("8.6-algorithm")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("used", ALGORITHMS)
def test_only_the_algorithm_of_the_tenant_is_accepted(algorithm: str, used: str) -> None:
    assert is_good(in_base64(algorithm=used), scheme=Scheme((b"x",), algorithm)) is (used == algorithm)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b" ",
        b"=",
        b"sha256=",
        b"sha256",
        b"sha512=" + in_base64(),
        b"sha1=" + in_base64(),
        in_base64()[:-1],
        in_base64().rstrip(b"="),
        in_base64() + b"=",
        in_base64() + in_base64(),
        in_base64()[:20] + b"\n" + in_base64()[20:],
        mac(),
        mac().hex().encode()[:-2],
        b"0x" + mac().hex().encode()[2:],
        b"g" * 64,
        b"\xff\x00" * 32,
        in_base64(key=OTHER),
        in_base64(body=BODY + b"\n"),
        b"A" * 100_000,
        "é".encode() * 32,
    ],
)
def test_anything_else_is_refused_without_a_word(sent: bytes) -> None:
    assert is_good(sent) is False


def test_any_of_several_keys_will_do() -> None:
    assert is_good(in_base64(), keys=(OTHER, KEY))
    assert is_good(in_base64(key=OTHER), keys=(OTHER, KEY))
    assert not is_good(in_base64(key=b"a third"), keys=(OTHER, KEY))


def test_without_keys_nothing_is_good() -> None:
    assert not is_good(in_base64(), keys=())


@pytest.mark.rule("8.6-bytes")
def test_the_bytes_as_received_are_signed_not_their_meaning() -> None:
    assert is_good(in_base64(b'{"a": 1}'), body=b'{"a": 1}')
    assert not is_good(in_base64(b'{"a": 1}'), body=b'{"a":1}')


@pytest.mark.rule("8.6-key-bytes")
def test_a_key_in_base64_is_decoded_before_use() -> None:
    scheme = Scheme((b"x",), key_encoding="base64")
    key = scheme.key_bytes(base64.b64encode(b"\x00raw\xff").decode())
    assert is_good(in_base64(key=b"\x00raw\xff"), keys=(key,), scheme=scheme)


@pytest.mark.parametrize("key", ["not base64!", "YQ", "é"])
def test_a_key_that_is_not_what_the_setting_promises_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Scheme((b"x",), key_encoding="base64").key_bytes(key)


@pytest.mark.parametrize("encoding", ["utf8", "base64"])
def test_an_empty_key_is_an_error_for_anybody_could_sign_with_it(encoding: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        Scheme((b"x",), key_encoding=encoding).key_bytes("")


@pytest.mark.rule("8.6-key-bytes")
def test_a_key_beyond_ascii_is_used_as_utf_8() -> None:
    assert is_good(in_base64(key="clé".encode()), keys=(SCHEME.key_bytes("clé"),))


@pytest.mark.rule("8.6-bytes")
@given(body=st.binary(min_size=1, max_size=300), key=st.binary(min_size=1, max_size=80), data=st.data())
def test_one_altered_byte_of_the_body_is_enough_to_fail(body: bytes, key: bytes, data: st.DataObject) -> None:
    sent = in_base64(body, key)
    assert is_good(sent, body=body, keys=(key,))
    assert not is_good(sent, body=altered(body, data), keys=(key,))


@given(data=st.data())
def test_one_altered_byte_of_the_signature_is_enough_to_fail(data: st.DataObject) -> None:
    assert not is_good(altered(in_base64(), data))


@pytest.mark.rule("8.6-encoding")
@given(data=st.data())
def test_in_hex_only_the_case_of_a_letter_may_differ(data: st.DataObject) -> None:
    broken = altered(mac().hex().encode(), data)
    assert is_good(broken) is (broken.lower() == mac().hex().encode())


@given(sent=st.binary(max_size=300), algorithm=st.sampled_from(ALGORITHMS))
def test_no_header_raises(sent: bytes, algorithm: str) -> None:
    assert is_good(sent, scheme=Scheme((b"x",), algorithm)) is False


@pytest.mark.rule("8.6-algorithm")
@given(
    body=st.binary(max_size=300),
    key=st.binary(min_size=1, max_size=200),
    algorithm=st.sampled_from(ALGORITHMS),
)
def test_what_the_standard_library_signs_passes(body: bytes, key: bytes, algorithm: str) -> None:
    sent = hmac.new(key, body, getattr(hashlib, algorithm)).hexdigest().encode()
    assert is_good(sent, body=body, keys=(key,), scheme=Scheme((b"x",), algorithm))


def altered(text: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda n: n != text[at]))
    return text[:at] + bytes([other]) + text[at + 1 :]
