"""The keys of `FERNET_KEYS`, newest first, and what may be said about them."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from fernet_fields import hkdf

NO_KEY = "no key of FERNET_KEYS opens this value"


class CannotOpen(Exception):
    """The ciphertext does not open here: wrong key, tampered with, or moved from another row."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """`ids` are public fingerprints in the order of the keys; they tell nothing of the keys."""

    fernet: MultiFernet
    ids: tuple[str, ...]

    @property
    def newest(self) -> str:
        return self.ids[0]

    def encrypt(self, text: str) -> bytes:
        return self.fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """The text. Raises CannotOpen, also for a token changed where base64 would not notice."""
        try:
            _require_untouched(token)
            return self.fernet.decrypt(token).decode()
        except (InvalidToken, NotBase64):
            raise CannotOpen(NO_KEY) from None

    def rotate(self, token: bytes) -> bytes:
        """The same plaintext under the newest key. Raises CannotOpen."""
        try:
            _require_untouched(token)  # a changed token must not be mended by re-encryption
            return self.fernet.rotate(token)
        except (InvalidToken, NotBase64):
            raise CannotOpen(NO_KEY) from None


def _require_untouched(token: bytes) -> None:
    if urlsafe_b64encode(urlsafe_b64decode(token)) != token:
        raise CannotOpen("the ciphertext is not as it was written")


def keyring() -> Keyring:
    """The ring of the current settings; never cached past a change of them."""
    return _build(tuple(settings.FERNET_KEYS))


@lru_cache(maxsize=4)
def _build(keys: tuple[str, ...]) -> Keyring:
    if not keys:
        raise CannotOpen("FERNET_KEYS is empty")
    derived = [hkdf.derive_fernet_key(key) for key in keys]
    ids = tuple(hashlib.sha256(b"integration-hub key id" + key).hexdigest()[:8] for key in derived)
    return Keyring(MultiFernet([Fernet(key) for key in derived]), ids)
