"""A shared secret as it is written down, to the bytes that it stands for."""

from __future__ import annotations

from base64 import b64decode

WRITTEN = ("text", "hex", "base64")


def secret_bytes(secret: str, written: str) -> bytes:
    """Either base64 is taken, padded or not. Raises ValueError."""
    if written == "hex":
        return bytes.fromhex(secret)
    if written == "base64":
        padded = secret.rstrip("=") + "=" * (-len(secret.rstrip("=")) % 4)
        for_urls = "-" in secret or "_" in secret
        return b64decode(padded, altchars=b"-_" if for_urls else None, validate=True)
    return secret.encode()
