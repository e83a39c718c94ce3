"""A kept connection for one call, by what the instance's config and credential say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from executor.tcp import location
from integration_hub.egress.connect import connect
from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import K, Place, Pool, key_of
from registry.adapter import AdapterCall

Opened = Callable[[GuardedSocket, Login, TlsOptions | None], K]


def lent(
    pool: Pool[K],
    call: AdapterCall,
    opened: Opened[K],
    *,
    port: int,
    parts: Iterable[str] = (),
    max_bytes: int,
    tls_at_once: bool = True,
) -> AbstractContextManager[K]:
    """One of `pool` that fits, else what `opened` makes of a socket, a login and the options
    of TLS (None: in clear). `parts` are what else distinguishes two connections; without
    `tls_at_once` it is `opened` that begins TLS, as the protocol does.

    Raises, when entered, what `opened` raises, and as `Pool.lent` does.
    """
    login, host = call.login(), str(call.config["host"])
    mode = str(call.config.get("tls", ""))
    tls = None if mode == location.OFF else call.tls or TlsOptions()
    place = Place(
        host,
        port,
        key_of(host, str(port), mode, *parts, login=login, tls=tls),
        size=int(call.config.get("pool_size", location.POOL)),
        allowed_hosts=call.allowed_hosts,
        max_bytes=max_bytes,
    )

    def make() -> K:
        sock = connect(
            host,
            port,
            deadline=call.deadline,
            tls=tls if tls_at_once else None,
            allowed_hosts=call.allowed_hosts,
            max_bytes=max_bytes,
        )
        try:
            return opened(sock, login, tls)
        except BaseException:
            sock.close()
            raise

    return pool.lent(place, call.deadline, make)
