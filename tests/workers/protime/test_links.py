from __future__ import annotations

import re
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.protime import ForeignLink, links

BASE = "https://acme.myprotime.eu"
LEGAL = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")


@pytest.mark.rule("3.4-unencoded", "3.4-as-given")
@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (
            "/connector/protimeapi/api/v1/assignments?filter=date ge '2026-01-01'&continuationToken=eyJ2YW",
            "/connector/protimeapi/api/v1/assignments?filter=date%20ge%20'2026-01-01'&continuationToken=eyJ2YW",
        ),
        ("/a?filter=date%20ge%20'2026-01-01'", "/a?filter=date%20ge%20'2026-01-01'"),
        ("/delta/a?deltaToken=eyJk+Z/Q==", "/delta/a?deltaToken=eyJk%2BZ/Q=="),
        ("/a?x=1+2&continuationToken=a%2Bb+c", "/a?x=1+2&continuationToken=a%2Bb%2Bc"),
        ("/a?b=2&a=1&b=3", "/a?b=2&a=1&b=3"),
        ("/a?filter=name eq '100% sûr'", "/a?filter=name%20eq%20'100%25%20s%C3%BBr'"),
        ('/a?filter=x eq "#<>\\^`{|}', "/a?filter=x%20eq%20%22%23%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/a?b\r\nHost: evil", "/a?b%0D%0AHost:%20evil"),
        ("https://acme.myprotime.eu/a?b=c d", "/a?b=c%20d"),
        ("HTTPS://ACME.myprotime.eu/a", "/a"),
    ],
)
def test_a_link_is_followed_as_it_is_with_illegal_characters_encoded(link: str, expected: str) -> None:
    resolved = links.resolve(BASE, link)
    assert resolved == BASE + expected
    assert httpx.URL(resolved).raw_path.decode() == expected


@pytest.mark.rule("3.4-other-host")
@pytest.mark.parametrize(
    "link",
    [
        "",
        "a/b",
        "?filter=x",
        "//evil.example/a",
        "/\\evil.example/a",
        "\\\\evil.example",
        "https://evil.example/a",
        "http://acme.myprotime.eu/a",
        "https://acme.myprotime.eu.evil.example/a",
        "https://acme.myprotime.eu@evil.example/a",
        "https://acme.myprotime.eu:8443/a",
        "https://acme.myprotime.eu//evil.example",
        "https:/connector",
        "@evil.example",
        ".evil.example/",
        "javascript:alert(1)",
        " /connector",
    ],
)
def test_a_link_to_anywhere_else_is_refused(link: str) -> None:
    with pytest.raises(ForeignLink):
        links.resolve(BASE, link)


PARTS = st.sampled_from(
    ("/", "//", "\\", "@", ":", "?", "#", "..", "evil.example", "https:", BASE, "%", "%2f", "\t", " ")
)


@given(st.lists(PARTS | st.text(), max_size=8).map("".join))
def test_no_link_leaves_the_host(link: str) -> None:
    try:
        resolved = links.resolve(BASE, link)
    except ForeignLink:
        return
    url = httpx.URL(resolved)
    assert (url.scheme, url.host, url.port, url.userinfo, url.fragment) == (
        "https",
        "acme.myprotime.eu",
        None,
        b"",
        "",
    )
    assert LEGAL.fullmatch(resolved.removeprefix(BASE))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_encoding_changes_no_meaning(text: str) -> None:
    encoded = links.encode("/a?" + text.replace("%", ""))
    assert unquote(encoded.replace("%2B", "+")) == "/a?" + text.replace("%", "")


@given(st.text())
def test_encoding_twice_is_encoding_once(text: str) -> None:
    once = links.encode(text)
    assert links.encode(once) == once


@pytest.mark.parametrize(
    "base", ["acme.myprotime.eu", "ftp://h", "https://", "https://u:p@h", "", "https:///x"]
)
def test_a_base_address_needs_scheme_and_host(base: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        links.origin(base)


@pytest.mark.parametrize(
    ("base", "origin"),
    [("https://Acme.myprotime.eu/", BASE), ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080")],
)
def test_the_origin_is_scheme_host_and_port(base: str, origin: str) -> None:
    assert links.origin(base) == origin
