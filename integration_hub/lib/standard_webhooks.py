"""Signatures of Standard Webhooks 1.0 (standardwebhooks.com). Pure: keys and bytes in, headers out.

A secret is `whsec_` and base64 of 24 to 64 bytes (HMAC-SHA256, `v1`); a signing key is
`whsk_` and base64 of an Ed25519 seed (`v1a`), whose public half is `whpk_` and base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET, SIGNING_KEY, PUBLIC_KEY = "whsec_", "whsk_", "whpk_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret
_SEED = 32


class BadKey(ValueError):
    """Not a key; the text says what one looks like and never repeats it."""


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return SECRET + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(key: str, *, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - the standard's own word
    """One signature, as it stands in `webhook-signature`. Raises BadKey."""
    signed = f"{id}.{timestamp}.".encode() + body
    if key.startswith(SIGNING_KEY):
        made = _private(key).sign(signed)
        return f"v1a,{base64.b64encode(made).decode()}"
    made = hmac.digest(secret_bytes(key), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(made).decode()}"


def headers(keys: Iterable[str], *, id: str, timestamp: int, body: bytes) -> dict[str, str]:  # noqa: A002 - the standard's own word
    """The three headers, with a signature for each key: several while one takes over."""
    made = [signature(key, id=id, timestamp=timestamp, body=body) for key in keys]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(made),
    }


def secret_bytes(text: str) -> bytes:
    """The bytes of a secret. Raises BadKey."""
    found = _decoded(text, SECRET)
    if not SHORTEST <= len(found) <= LONGEST:
        raise BadKey(
            f"A secret is {SECRET} and base64 of {SHORTEST} to {LONGEST} bytes; these are "
            f"{len(found)}."
        )
    return found


def public_key(signing_key: str) -> str:
    """What the receiver verifies with. Raises BadKey."""
    raw = _private(signing_key).public_key().public_bytes_raw()
    return PUBLIC_KEY + base64.b64encode(raw).decode()


def _private(text: str) -> Ed25519PrivateKey:
    seed = _decoded(text, SIGNING_KEY)
    if len(seed) not in (_SEED, 2 * _SEED):  # some tools append the public half
        raise BadKey(f"A signing key is {SIGNING_KEY} and base64 of 32 bytes (an Ed25519 seed).")
    return Ed25519PrivateKey.from_private_bytes(seed[:_SEED])


def _decoded(text: str, prefix: str) -> bytes:
    if not text.startswith(prefix):
        raise BadKey(f"It begins with {prefix}, followed by base64.")
    try:
        return base64.b64decode(text.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise BadKey(f"What follows {prefix} is not base64.") from None
