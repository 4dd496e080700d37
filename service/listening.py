"""The address a server listens on, taken before anything else begins: what is wrong with it is said in one line."""

from __future__ import annotations

import errno
import socket

_WORDS = {
    errno.EADDRINUSE: "another program listens there. End it, or choose another port",
    errno.EACCES: "this user may not take it. Choose a port from 1024 up",
    errno.EADDRNOTAVAIL: "this machine has no such address. Name one of its own, or 0.0.0.0 for all of them",
}


class CannotListen(Exception):
    """The address is taken, or none of this machine; the text says which, and what to do (exit code 1)."""


def taken(host: str, port: int) -> list[socket.socket]:
    """Bound to every address that the host stands for; nobody can connect before they are served.

    Raises `CannotListen`.
    """
    sockets, refused = list[socket.socket](), dict[int, str]()
    for family, kind, protocol, address in _addresses(host, port):
        try:
            sockets.append(_bound(family, kind, protocol, address))
        except OSError as error:
            refused[error.errno or 0] = error.strerror or str(error)
    # `localhost` may stand for an address of a family that the machine does without: one of the two is enough.
    refused = {code: text for code, text in refused.items() if not sockets or code == errno.EADDRINUSE}
    for code, text in refused.items():
        _close(sockets)
        raise CannotListen(f"cannot listen on {host}:{port}: {_WORDS.get(code, text)}")
    return sockets


def refuse_taken(host: str, port: int) -> None:
    """Raises `CannotListen` when the address could not be listened on now."""
    _close(taken(host, port))


def _addresses(
    host: str, port: int
) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a host name"
        raise CannotListen(
            f"cannot listen on {host}:{port}: the host is unknown ({reason}). Name an address of this machine, "
            "or 0.0.0.0 for all of them"
        ) from None
    return list(dict.fromkeys((family, kind, protocol, to) for family, kind, protocol, _, to in found))


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()
