"""A connected socket to an address that was checked, and to no other."""

from __future__ import annotations

import socket
import time

from integration_hub.egress import policy, proxy
from integration_hub.egress.addresses import Address
from integration_hub.egress.call import Call
from integration_hub.egress.policy import Origin
from integration_hub.egress.resolve import resolve
from integration_hub.egress.sockets import DeadlineSocket
from integration_hub.lib.errors import ConnectionFailed, TargetForbidden


def dial(origin: Origin, call: Call) -> DeadlineSocket:
    """Resolve once, judge every address, connect to the first that answers.

    Raises TargetForbidden, ConnectionFailed(sent=False), TimedOut, Cancelled.
    """
    began = time.perf_counter()
    call.connect_within(call.connect_timeout)
    if origin.address is not None:
        found = [origin.address]
    else:
        found = resolve(origin.host, call)
        began = call.timed("dns", began)
    sock = _first_of(policy.permitted(origin, found), origin, call)
    call.timed("connect", began)
    return sock


def _first_of(candidates: list[Address], origin: Origin, call: Call) -> DeadlineSocket:
    """Try in order; each but the last may use half of what is left."""
    give_up = time.perf_counter() + call.connect_timeout
    for address in candidates[:-1]:
        call.connect_within((give_up - time.perf_counter()) / 2)
        try:
            return _connect(address, origin, call)
        except ConnectionFailed:
            continue
    call.connect_within(give_up - time.perf_counter())
    return _connect(candidates[-1], origin, call)


def _connect(address: Address, origin: Origin, call: Call) -> DeadlineSocket:
    through = proxy.for_address(address)
    if through is None:
        end, port = address, origin.port
    else:
        end, port = through.address or resolve(through.host, call)[0], through.port
    sock = DeadlineSocket(socket.AF_INET if end.version == 4 else socket.AF_INET6)
    try:
        sock.call, sock.judged = call, address
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((str(end), port))
        check_peer(sock, end, port)
        if through is not None:
            through.ask(sock, address, origin.port)
    except OSError:
        sock.close()
        # One text for refused, reset and unreachable: a caller learns nothing of a port.
        raise ConnectionFailed(f"No connection to {origin.host} was made.", sent=False) from None
    except BaseException:
        sock.close()
        raise
    return sock


def check_peer(sock: socket.socket, address: Address, port: int) -> None:
    """Refuse a socket whose other end is not the address that was judged."""
    peer = sock.getpeername()
    if policy.as_address(str(peer[0])) != address or peer[1] != port:
        raise TargetForbidden("The connection led to another address than the one checked.")
