"""The text of a token: 256 random bits, kept only as a SHA-256 digest.

A fast hash is enough: nobody guesses 256 bits, so there is nothing to slow down.
"""

from __future__ import annotations

import hashlib
import re
import secrets

PREFIX = "hub_"
SHOWN_LENGTH = 10
_SHAPE = re.compile(r"hub_[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def looks_right(raw: str) -> bool:
    """Whether `raw` can be a token at all; anything else is refused without a query."""
    return _SHAPE.fullmatch(raw) is not None


def shown_prefix(raw: str) -> str:
    """The part that lists show, too short to help a guesser."""
    return raw[:SHOWN_LENGTH]
