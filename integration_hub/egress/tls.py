"""TLS as we speak it: verified against the host's name, 1.2 or newer."""

from __future__ import annotations

import hashlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import cast

import certifi

from integration_hub.egress.door import TlsOptions
from integration_hub.egress.sockets import DeadlineSocket, DeadlineTLSSocket
from integration_hub.lib.errors import ConnectionFailed

_NO_PASSWORD = ""
KEPT = 64  # contexts of instances with options of their own; the oldest is dropped


@lru_cache(maxsize=2)
def context(*, http: bool = True) -> ssl.SSLContext:
    """Mozilla's authorities, and those that the machine's operator installed beside them."""
    return _plain(http)


def _plain(http: bool) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=certifi.where())
    made.load_default_certs()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if http:
        made.set_alpn_protocols(["http/1.1"])
    made.sslsocket_class = DeadlineTLSSocket
    return made


class _Contexts:
    """One context for each set of options, found by a digest: key texts are not kept here."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[bytes, ssl.SSLContext] = {}

    def get(self, options: TlsOptions, *, http: bool) -> ssl.SSLContext:
        digest = _digest(options, http)
        with self._lock:
            found = self._made.pop(digest, None) or _special(options, http)
            self._made[digest] = found
            while len(self._made) > KEPT:
                del self._made[next(iter(self._made))]
        return found


_contexts = _Contexts()


def _renew() -> None:
    """A forked child starts with none: a lock may be held by a thread that it does not have."""
    global _contexts  # noqa: PLW0603 - per process by design
    _contexts = _Contexts()


os.register_at_fork(after_in_child=_renew)


def context_for(options: TlsOptions | None, *, http: bool = True) -> ssl.SSLContext:
    """The context of an instance. Raises ConnectionFailed(sent=False) for material that is bad."""
    if options is None or options == TlsOptions():
        return context() if http else context(http=False)  # one entry of the cache each
    return _contexts.get(options, http=http)


@lru_cache(maxsize=KEPT)
def roots(authorities: str = "") -> bytes:
    """The authorities of `context_for` as PEM, for clients that speak TLS by themselves."""
    found = [Path(certifi.where()).read_bytes(), authorities.encode()]
    installed = ssl.get_default_verify_paths().cafile
    if installed and Path(installed).is_file():
        found.append(Path(installed).read_bytes())
    return b"\n".join(found)


def _digest(options: TlsOptions, http: bool) -> bytes:
    texts = (options.authorities, options.certificate, options.private_key)
    found = hashlib.sha256(f"{options.verify} {http}".encode())
    for text in texts:
        found.update(f" {len(text)} {text}".encode())
    return found.digest()


def _special(options: TlsOptions, http: bool) -> ssl.SSLContext:
    made = _plain(http)
    if not options.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    try:
        if options.authorities:
            made.load_verify_locations(cadata=options.authorities)
        if options.certificate:
            _show(made, options)
    except (ssl.SSLError, ValueError):
        raise ConnectionFailed(
            "The certificate, key or authority of this instance cannot be used for TLS.",
            sent=False,
        ) from None
    return made


def _show(made: ssl.SSLContext, options: TlsOptions) -> None:
    """Load the hub's own certificate. A password is never asked for: it would be on a terminal."""
    with _path_of(f"{options.private_key}\n{options.certificate}\n") as path:
        made.load_cert_chain(path, password=_NO_PASSWORD)


@contextmanager
def _path_of(text: str) -> Iterator[str]:
    """A path that OpenSSL can read `text` from: memory where the system has it, else a
    file that only this user may read and that is removed at once."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("tls", os.MFD_CLOEXEC)
        try:
            os.write(handle, text.encode())
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    handle, name = tempfile.mkstemp()  # mode 0600
    try:
        os.write(handle, text.encode())
        yield name
    finally:
        os.close(handle)
        Path(name).unlink()


def failed(error: ssl.SSLError, host: str) -> ConnectionFailed:
    """What a handshake failed of, in words that hold nothing but OpenSSL's reason."""
    reason = f": {error.reason.replace('_', ' ').lower()}" if error.reason else ""
    return ConnectionFailed(f"No TLS connection to {host} was made{reason}.", sent=False)


def wrap(sock: DeadlineSocket, host: str, context: ssl.SSLContext) -> DeadlineTLSSocket:
    """`sock` under TLS for `host`; `sock` itself is spent.

    Raises ConnectionFailed(sent=False) for a certificate that is not accepted, OSError.
    """
    call, judged = sock.call, sock.judged
    try:
        made = context.wrap_socket(
            sock,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,  # an answer cut short must not look whole
        )
    except (OSError, ValueError):
        sock.close()
        raise
    wrapped = cast(DeadlineTLSSocket, made)
    wrapped.judged, wrapped.patience, wrapped.call = judged, None, call
    try:
        wrapped.do_handshake()
    except ssl.SSLCertVerificationError as error:
        wrapped.close()
        raise ConnectionFailed(
            f"The TLS certificate of {host} was not accepted: {error.verify_message}.",
            sent=False,
        ) from None
    except ConnectionFailed:  # the time to connect is over
        wrapped.close()
        raise ConnectionFailed(
            f"No TLS connection to {host} was made in time: does it speak TLS at this port?",
            sent=False,
        ) from None
    except BaseException:
        wrapped.close()
        raise
    return wrapped
