"""Looked-up values as a process remembers them: sealed, briefly, and bridging an outage.

A value is used for `HUB_SECRET_CACHE_SECONDS`. When it cannot be looked up again, it
is used on until it is `HUB_SECRET_STALE_SECONDS` old; a clear no of the backend ends that.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from django.conf import settings

from credentials.backend import CannotLookUp, backends
from credentials.remembered import Remembered, fingerprint
from integration_hub.lib import clock, log
from integration_hub.sealing.keyring import CannotOpen, keyring

LOOKUP_SECONDS = 5.0
RETRY_EVERY = 5.0
"""After a failure the older value is used for so long before the backend is asked again."""

_log = log.get("hub.credentials")


@dataclass(slots=True)
class _Held:
    token: bytes
    read_at: float
    asked_at: float


_held: Remembered[_Held] = Remembered(4_096)
_asking = threading.Lock()


def read(backend: str, place: str) -> str:
    """The value at this place. Raises CannotLookUp, UnknownPlugin."""
    key = fingerprint(backend, place)
    held, now = _held.get(key), clock.monotonic()
    if held is not None and not _claim(held, now):
        value = _opened(held)
        if value is not None:
            return value
    try:
        value = backends.get(backend).read(place, seconds=LOOKUP_SECONDS)
    except CannotLookUp as error:
        return _older(backend, held, now, error)
    _held.put(key, _Held(keyring().encrypt(value), clock.monotonic(), clock.monotonic()))
    return value


def forget(backend: str, place: str) -> None:
    """Look it up anew next time: the external system no longer takes the value."""
    held = _held.get(fingerprint(backend, place))
    if held is not None:
        held.asked_at = held.read_at = float("-inf")


def _claim(held: _Held, now: float) -> bool:
    """Whether this thread is to look it up again; the others use the older value meanwhile."""
    with _asking:
        fresh = now - held.read_at < settings.HUB_SECRET_CACHE_SECONDS
        if fresh or (now - held.asked_at < RETRY_EVERY and _bridges(held, now)):
            return False
        held.asked_at = now
        return True


def _bridges(held: _Held, now: float) -> bool:
    return now - held.read_at < settings.HUB_SECRET_STALE_SECONDS


def _older(backend: str, held: _Held | None, now: float, error: CannotLookUp) -> str:
    value = _opened(held) if held is not None and _bridges(held, now) else None
    if error.lasting or value is None:
        raise error
    _log.warning("credential_lookup_failed", backend=backend, cause=str(error), bridged=True)
    return value


def _opened(held: _Held) -> str | None:
    try:
        return keyring().decrypt(held.token)
    except CannotOpen:  # sealed under a key that is gone since
        return None
