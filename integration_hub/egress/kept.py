"""A socket of the second door that serves several calls, one after the other.

Between two calls it belongs to none: `detach` when one is done, `attach` for the next.
"""

from __future__ import annotations

from urllib3.util.wait import wait_for_read

from integration_hub.egress import policy
from integration_hub.egress.call import UNCAPPED, Call
from integration_hub.egress.connect import CONNECT_TIMEOUT
from integration_hub.egress.door import Deadline
from integration_hub.egress.sockets import DeadlineSocket, DeadlineTLSSocket

GuardedSocket = DeadlineSocket | DeadlineTLSSocket


def attach(
    sock: GuardedSocket,
    host: str,
    port: int,
    *,
    deadline: Deadline,
    allowed_hosts: tuple[str, ...] = (),
    max_bytes: int | None = None,
) -> None:
    """Bind `sock`, which leads to `host`, to the next call; its own counts begin at nothing.

    The policy is asked again: settings may have changed since the connect. Raises
    TargetForbidden, TimedOut, Cancelled.
    """
    origin = policy.tcp_origin(host, port)
    policy.check_host(origin, allowed_hosts)
    assert sock.judged is not None  # noqa: S101 - by `dial`
    policy.permitted(origin, [sock.judged])
    deadline.check(sent=False)
    cap = UNCAPPED if max_bytes is None else max_bytes
    call = Call(deadline, connect_timeout=CONNECT_TIMEOUT, max_bytes=cap)
    call.expect_stream()
    sock.call = call


def detach(sock: GuardedSocket) -> None:
    """Leave `sock` idle."""
    sock.call = None


def is_quiet(sock: GuardedSocket) -> bool:
    """Whether nothing came while it rested: an end, or a late word, makes it useless."""
    return sock.fileno() >= 0 and not wait_for_read(sock, timeout=0)
