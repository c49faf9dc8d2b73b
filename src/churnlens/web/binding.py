"""The address of the server: bound from the start, listened on when all is loaded.

Until it is listened on, another server may bind it too (Linux allows that to sockets that take an
address again soon after its last use); of the two, who listens second is refused.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from churnlens.options import WebOptions
from churnlens.web.access import AccessError

_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # one of several addresses may be


def bind(options: WebOptions) -> list[socket.socket]:
    """Bind every address of the host, all to one port: for port 0 one that the system chooses.

    Nobody is kept waiting while models load: until somebody listens, a client is refused.

    Raises:
        AccessError: when an address is taken or may not be bound, or the host has none.
    """
    held: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for family, address in _addresses(options):
            try:
                held.append(_hold(family, _at_one_port(address, held)))
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise
                absent = error
        if absent is not None and not held:
            raise absent
    except OSError as error:
        for each in held:
            each.close()
        raise _refused(options, error) from None
    return held


def listen(held: list[socket.socket], options: WebOptions) -> None:
    """Listen at what `bind` returned; uvloop would not tell that another server came first.

    Raises:
        AccessError: when one did.
    """
    try:
        for each in held:
            each.listen()
    except OSError as error:
        raise _refused(options, error) from None


def _refused(options: WebOptions, error: OSError) -> AccessError:
    """Return how it is told that the address cannot be had."""
    return AccessError(
        f"cannot listen on {options.host}, port {options.port}: {error.strerror}; "
        "choose another --port or --host, or stop what listens there"
    )


def _at_one_port(address: Any, held: list[socket.socket]) -> Any:
    """Return an address, at the port of those that are held already."""
    return (address[0], held[0].getsockname()[1], *address[2:]) if held else address


def _addresses(options: WebOptions) -> list[tuple[socket.AddressFamily, Any]]:
    kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
    found = socket.getaddrinfo(options.host, options.port, type=kind, flags=flags)
    return list(dict.fromkeys((family, address) for family, *_, address in found))


def _hold(family: socket.AddressFamily, address: Any) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made
