"""One SFTP session over a checked socket: the pinned host key first, then the login."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from executor.sftp import host_key
from integration_hub.egress import connect as egress
from integration_hub.egress.door import Deadline, Login
from integration_hub.lib.errors import (
    AuthFailed,
    ConnectionFailed,
    HubError,
    InstanceNotReady,
    UpstreamError,
)
from registry.adapter import AdapterCall

DEFAULT_PORT = 22
SESSION_BYTES = 1024 * 1024  # banner, keys, listings' framing: what is received beside the data

# What fails is raised to us; its own log repeats that with tracebacks.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

_KEYS: dict[type, type[paramiko.PKey]] = {
    rsa.RSAPrivateKey: paramiko.RSAKey,
    ec.EllipticCurvePrivateKey: paramiko.ECDSAKey,
    ed25519.Ed25519PrivateKey: paramiko.Ed25519Key,
}


@contextmanager
def opened(call: AdapterCall, *, max_bytes: int) -> Iterator[paramiko.SFTPClient]:
    """A client for one call, closed with the block or the deadline.

    Raises TargetForbidden, ConnectionFailed, AuthFailed, TimedOut, Cancelled,
    ResponseTooLarge; `sent` is False until the session stands.
    """
    host, port = str(call.config["host"]), int(call.config.get("port", DEFAULT_PORT))
    sock = egress.connect(
        host,
        port,
        deadline=call.deadline,
        allowed_hosts=call.allowed_hosts,
        max_bytes=max_bytes + SESSION_BYTES,
    )
    try:
        transport = paramiko.Transport(sock)
    except BaseException:
        sock.close()
        raise
    underway = False
    try:
        client = _begin(transport, call, host)
        underway = True
        yield client
    except Exception as error:
        raise _translated(error, transport, call.deadline, host, underway=underway) from error
    finally:
        transport.close()


def _begin(transport: paramiko.Transport, call: AdapterCall, host: str) -> paramiko.SFTPClient:
    left = call.deadline.check(sent=False)
    pins = _pins(str(call.config.get("host_key", "")))
    _prefer(transport, pins.types)
    transport.banner_timeout = transport.auth_timeout = left
    transport.handshake_timeout = left
    transport.start_client(timeout=left)
    shown = transport.get_remote_server_key()
    host_key.check(pins, host=host, key_type=shown.get_name(), blob=shown.asbytes())
    _log_in(transport, call.login())
    client = paramiko.SFTPClient.from_transport(transport)
    if client is None:
        raise ConnectionFailed(f"{host} offers no SFTP.", sent=False)
    return client


def _pins(text: str) -> host_key.Pins:
    try:
        return host_key.read_pins(text)
    except host_key.BadPin as bad:
        raise InstanceNotReady(f"config.host_key cannot be read: {bad}") from None


def _prefer(transport: paramiko.Transport, types: tuple[str, ...]) -> None:
    """A server with several keys shows the one that was pinned."""
    options = transport.get_security_options()
    known = list(options.key_types)
    pinned = [kind for kind in known if kind in types or ("ssh-rsa" in types and "rsa" in kind)]
    options.key_types = [*pinned, *(kind for kind in known if kind not in pinned)]


def _log_in(transport: paramiko.Transport, login: Login) -> None:
    if login.private_key:
        rest = transport.auth_publickey(login.username, _key(login))
    elif login.password:
        rest = transport.auth_password(login.username, login.password)
    else:
        rest = transport.auth_none(login.username)
    if rest:
        raise AuthFailed(
            f"The server asks for more than this credential has ({', '.join(rest)}).", sent=False
        )


def _key(login: Login) -> paramiko.PKey:
    """By way of cryptography, which reads PKCS #8 too."""
    text, passphrase = login.private_key, login.passphrase.encode() or None
    is_ssh = "BEGIN OPENSSH PRIVATE KEY" in text
    load = serialization.load_ssh_private_key if is_ssh else serialization.load_pem_private_key
    try:
        key = load(text.encode(), passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise AuthFailed(
            "The private key cannot be read: it is no key, or its passphrase is another.",
            sent=False,
        ) from None
    made = next((made for kind, made in _KEYS.items() if isinstance(key, kind)), None)
    if made is None:
        raise AuthFailed("The private key is neither RSA, ECDSA nor Ed25519.", sent=False)
    plain = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return made.from_private_key(io.StringIO(plain.decode()))


def _translated(
    error: Exception,
    transport: paramiko.Transport,
    deadline: Deadline,
    host: str,
    *,
    underway: bool,
) -> Exception:
    """What ended the session: the deadline first, then what its thread died of."""
    found: BaseException = error
    if not isinstance(error, HubError):
        found = transport.get_exception() or error
    if isinstance(found, HubError):
        if isinstance(found, UpstreamError) and not underway:
            found.sent = False
        return found
    try:
        deadline.check(sent=underway)
    except HubError as ended:
        return ended
    if isinstance(error, paramiko.AuthenticationException):
        return AuthFailed(
            f"{host} did not accept the login; check user name and key or password.", sent=False
        )
    if not isinstance(error, paramiko.SSHException | EOFError | OSError):
        return error
    if underway:
        return ConnectionFailed("The connection was closed before the answer was complete.")
    said = " ".join(str(error).split())[:200] or type(error).__name__
    return ConnectionFailed(f"No SSH session with {host} was made: {said}.", sent=False)
