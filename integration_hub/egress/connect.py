"""The second door: a connected socket, for clients that take one."""

from __future__ import annotations

import ssl

from integration_hub.egress import policy
from integration_hub.egress import tls as transport
from integration_hub.egress.call import UNCAPPED, Call
from integration_hub.egress.dial import dial
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.egress.sockets import DeadlineSocket, DeadlineTLSSocket
from integration_hub.lib.errors import ConnectionFailed

CONNECT_TIMEOUT = 10.0


def connect(
    host: str,
    port: int,
    *,
    deadline: Deadline,
    tls: TlsOptions | None = None,
    connect_timeout: float = CONNECT_TIMEOUT,
    allowed_hosts: tuple[str, ...] = (),
    max_bytes: int | None = None,
) -> DeadlineSocket | DeadlineTLSSocket:
    """A socket to an address that was judged, under TLS where `tls` is given.

    The deadline and the cancel flag live in it: an operation that they end raises
    TimedOut or Cancelled, and more than `max_bytes` received raises ResponseTooLarge.
    A timeout that the client library sets bounds each operation beside that. The
    caller closes it.

    Raises TargetForbidden, ConnectionFailed(sent=False), TimedOut, Cancelled.
    """
    origin = policy.tcp_origin(host, port)
    policy.check_host(origin, allowed_hosts)
    deadline.check(sent=False)
    cap = UNCAPPED if max_bytes is None else max_bytes
    call = Call(deadline, connect_timeout=connect_timeout, max_bytes=cap)
    plain = dial(origin, call)
    sock = plain if tls is None else start_tls(plain, origin.host, tls)
    call.expect_stream()
    return sock


def start_tls(
    sock: DeadlineSocket, host: str, options: TlsOptions | None = None
) -> DeadlineTLSSocket:
    """`sock` under TLS, verified for `host` (STARTTLS); `sock` itself is spent.

    Raises ConnectionFailed(sent=False), TimedOut, Cancelled.
    """
    try:
        return transport.wrap(sock, host, transport.context_for(options, http=False))
    except ssl.SSLError as error:
        raise transport.failed(error, host) from error
    except OSError as error:
        raise ConnectionFailed(f"No TLS connection to {host} was made.", sent=False) from error
