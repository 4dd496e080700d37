"""What is shipped may be shipped: every package of the runtime and of the extras says a licence that allows it."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata

from tests.dependencies.locks import locked

#: Free use, with the notice kept.
PERMISSIVE = re.compile(r"\b(MIT(-0)?|BSD|Apache|ISC|PSFL?|MPL|Mozilla Public)\b")
#: Used as the library that it is, and replaceable: nothing of ours falls under it.
LESSER = {"dramatiq": "LGPL", "psycopg": "LGPL", "psycopg-binary": "LGPL"}
#: For other versions of Python or other systems, so not here to be read.
ELSEWHERE = {
    "async-timeout",
    "backports-asyncio-runner",
    "backports-tarfile",
    "colorama",
    "importlib-metadata",
}


def licence(name: str) -> str:
    """In the package's own words; nothing for one that is not installed."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return ""
    classifiers = [text for text in told.get_all("Classifier", []) if text.startswith("License ::")]
    first = (told.get("License") or "").partition("\n")[0]
    return " | ".join(filter(None, [told.get("License-Expression"), first, *classifiers]))


def test_every_package_says_a_licence_that_allows_to_ship_it() -> None:
    said = {pin.name: licence(pin.name) for pin in locked("requirements-dev.lock")}
    installed = {name: text for name, text in said.items() if text}
    assert len(installed) > 100
    assert said.keys() - installed.keys() <= ELSEWHERE
    others = {name: text for name, text in installed.items() if not PERMISSIVE.search(text)}
    assert others.keys() == LESSER.keys(), others
    assert all(kind in others[name] for name, kind in LESSER.items())
