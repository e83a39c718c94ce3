"""Whether a hook is the provider's: judged on its raw bytes, before anything reads them."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from executor.inbound.hook import MAX_PARTS, Hook
from executor.inbound.verifier import PLACEHOLDER, Verifier
from integration_hub.lib import clock
from integration_hub.lib.errors import Unauthenticated

MAX_HEADER = 8_192
_LONGEST_TIME = 12  # digits
PUBLIC_KEY = "whpk_"
SHARED_KEY = "whsec_"


@dataclass(frozen=True, slots=True)
class Key:
    """`is_public`: an Ed25519 key that only verifies; else the key of an HMAC."""

    value: bytes
    is_public: bool = False


def key_of(verifier: Verifier, secret: str) -> Key:
    """The key that a secret stands for. Raises ValueError, which quotes nothing of it."""
    if verifier.public_prefix and secret.startswith(PUBLIC_KEY):
        value = _decoded(secret.removeprefix(PUBLIC_KEY))
        Ed25519PublicKey.from_public_bytes(value)
        return Key(value, is_public=True)
    if verifier.key_encoding == "base64":
        return Key(_decoded(secret.removeprefix(SHARED_KEY)))
    return Key(secret.encode())


def verify(verifier: Verifier, hook: Hook, secrets: Sequence[str]) -> None:
    """Raise Unauthenticated unless one of `secrets` signed exactly these bytes, now.

    Every secret is tried against every signature, whichever fits first.
    """
    given = hook.header(verifier.header)
    if not given:
        raise Unauthenticated(f"The hook has no header {verifier.header}, which has to sign it.")
    shared, public = _signatures(verifier, given[:MAX_HEADER])
    if not shared and not public:
        raise Unauthenticated(
            f"The header {verifier.header} holds no signature of the form that is expected."
        )
    if not secrets:
        raise Unauthenticated("No secret is stored that could verify this hook.")
    content = _content(verifier, hook, given)
    fits = False
    for secret in secrets:
        key = key_of(verifier, secret)
        if key.is_public:
            found = [_is_signed(key, signature, content) for signature in public]
        else:
            expected = hmac.digest(key.value, content, verifier.algorithm)
            found = [hmac.compare_digest(expected, signature) for signature in shared]
        fits |= any(found)
    if not fits:
        raise Unauthenticated(f"The signature in {verifier.header} does not fit the hook.")
    _check_time(verifier, hook, given)


def _signatures(verifier: Verifier, given: str) -> tuple[list[bytes], list[bytes]]:
    """Those by a shared secret and those by a key pair, decoded."""
    parts = given.split(verifier.separator) if verifier.separator else [given]
    trimmed = [part.strip() for part in parts[:MAX_PARTS]]
    shared = list(_with_prefix(trimmed, verifier.prefix, verifier.encoding))
    if not verifier.public_prefix:
        return shared, []
    return shared, list(_with_prefix(trimmed, verifier.public_prefix, verifier.encoding))


def _with_prefix(parts: Sequence[str], prefix: str, encoding: str) -> Iterator[bytes]:
    for part in parts:
        if not part.startswith(prefix):
            continue
        try:
            text = part.removeprefix(prefix)
            found = bytes.fromhex(text) if encoding == "hex" else _decoded(text)
        except ValueError:
            continue
        if found:
            yield found


def _content(verifier: Verifier, hook: Hook, given: str) -> bytes:
    """What is signed. The body goes in as it came, whatever bytes it has."""
    pieces: list[bytes] = []
    end = 0
    for found in PLACEHOLDER.finditer(verifier.template):
        pieces.append(verifier.template[end : found.start()].encode())
        pieces.append(_value(verifier, hook, found[1], given))
        end = found.end()
    return b"".join([*pieces, verifier.template[end:].encode()])


def _value(verifier: Verifier, hook: Hook, name: str, given: str) -> bytes:
    if name == "body":
        return hook.body
    if name == "url":
        return hook.url.encode()
    place = name if name.startswith("header.") else getattr(verifier, name)
    found = hook.in_header(place, given)
    if not found:
        raise Unauthenticated(f"The hook lacks {place}, which its signature covers.")
    # Headers come as Latin-1: each character is one byte that was sent.
    return found.encode("latin-1", "replace")


def _check_time(verifier: Verifier, hook: Hook, given: str) -> None:
    if not verifier.timestamp:
        return
    text = hook.in_header(verifier.timestamp, given)
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIME):
        raise Unauthenticated(f"The time in {verifier.timestamp} is no number of seconds.")
    late = clock.now().timestamp() - int(text)
    if abs(late) > verifier.tolerance_seconds:
        side = "too old" if late > 0 else "in the future"
        raise Unauthenticated(
            f"The hook is {side}: its signed time is more than {verifier.tolerance_seconds} s from "
            "the hub's. Send it again with a fresh time, or set the clocks right."
        )


def _is_signed(key: Key, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.value).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    return b64decode(text, validate=True)
