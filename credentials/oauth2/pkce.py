"""What proves that who brings the code is who asked for it: PKCE (RFC 7636), S256 alone."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode

_BYTES = 32  # 256 bits, for states and verifiers alike


def new_secret() -> str:
    """256 random bits in 43 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(_BYTES)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def digest_of(secret: str) -> str:
    """How a state is looked up: the table cannot give it back."""
    return hashlib.sha256(secret.encode()).hexdigest()
