"""Kept answers, in Django's cache: shared through Redis where there is one, else per process.

A value is sealed, for answers may hold secrets; the key is a digest of everything that
the answer depends on, so a new version, config or credential never meets an old answer.
A cache that does not answer is a miss, never a failed call.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

from credentials.runtime import CredentialUse
from executor.calls import Target
from integration_hub.lib import clock, jsonsafe, log
from integration_hub.sealing.keyring import CannotOpen, keyring

LARGEST = 1024 * 1024  # characters of JSON; a larger answer is not kept
LEASE_S = 30

_logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """`notes` are the members beside the result when it was fetched."""

    data: Any
    notes: Mapping[str, Any]
    stored_at: float

    @property
    def age(self) -> float:
        return max(0.0, clock.now().timestamp() - self.stored_at)


def key_of(target: Target, parameters: Mapping[str, Any], use: CredentialUse) -> str:
    """Equal for calls that would send the same to the same system as the same user."""
    instance = target.instance
    parts = [
        str(instance.id),
        str(instance.definition_id),
        instance.definition_ref,
        dict(instance.config),
        str(use.credential_id),
        use.revision,
        target.method.name,
        dict(parameters),
    ]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return f"answer:{hashlib.sha256(text.encode()).hexdigest()}"


def find(key: str) -> Entry | None:
    try:
        sealed = cache.get(key)
        if sealed is None:
            return None
        kept = jsonsafe.loads(keyring().decrypt(sealed))
    except (RedisError, CannotOpen) as error:
        _logger.warning("answer_cache_unread", error=type(error).__name__)
        return None
    return Entry(kept["data"], kept["notes"], kept["at"])


def keep(key: str, data: Any, notes: Mapping[str, Any], seconds: int) -> None:
    """Keep an answer whose hub secrets are masked already."""
    text = jsonsafe.dumps_text({"data": data, "notes": dict(notes), "at": clock.now().timestamp()})
    if len(text) > LARGEST:
        return
    try:
        cache.set(key, keyring().encrypt(text), seconds)
    except RedisError as error:
        _logger.warning("answer_cache_unwritten", error=type(error).__name__)


def lease(key: str) -> bool:
    """Whether this call is the one that fetches; a cache that is away lets everyone."""
    try:
        return bool(cache.add(f"{key}:lease", 1, LEASE_S))
    except RedisError:
        return True


def release(key: str) -> None:
    try:
        cache.delete(f"{key}:lease")
    except RedisError:
        _logger.warning("answer_cache_unreleased")
