"""HTML out of Python values. Text is escaped wherever it stands; only `Markup` is taken as it is. Pure."""

from __future__ import annotations

from html import escape

VOID = frozenset({"input", "meta", "br"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(element: str, /, *children: object, **attributes: str | float | bool | None) -> Markup:
    """An element. An attribute that is None or False is left out, one that is True has no value.

    Underscores in names become hyphens, and the one at the end of a keyword goes: `for_`.
    """
    head = element + "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{head}>" if element in VOID else f"<{head}>{joined(*children)}</{element}>")


def joined(*children: object) -> Markup:
    return Markup("".join(child if isinstance(child, Markup) else escape(str(child)) for child in children))


def table(head: tuple[str, ...], *rows: tuple[object, ...], name: str) -> Markup:
    heads = tag("tr", *(tag("th", text, scope="col") for text in head))
    body = (tag("tr", *(tag("td", cell) for cell in row)) for row in rows)
    return tag("table", tag("thead", heads), tag("tbody", *body), id=name)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'
