"""TLS as we speak it: verified against the host's name, 1.2 or newer."""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import cast

import certifi

from integration_hub.egress.sockets import DeadlineSocket, DeadlineTLSSocket


@lru_cache(maxsize=1)
def context() -> ssl.SSLContext:
    """Mozilla's authorities, and those that the machine's operator installed beside them."""
    made = ssl.create_default_context(cafile=certifi.where())
    made.load_default_certs()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    made.sslsocket_class = DeadlineTLSSocket
    return made


def wrap(sock: DeadlineSocket, host: str) -> DeadlineTLSSocket:
    """`sock` under TLS for `host`, its handshake still to be made; `sock` itself is spent."""
    wrapped = context().wrap_socket(
        sock,
        server_hostname=host,
        do_handshake_on_connect=False,
        suppress_ragged_eofs=False,  # an answer cut short must not look whole
    )
    return cast(DeadlineTLSSocket, wrapped)
