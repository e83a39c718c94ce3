"""Which methods may be cached: those that only read."""

from __future__ import annotations

from collections.abc import Iterator

from integration_hub.lib.errors import Fault
from registry.spec import MethodSpec

_WRITING = frozenset({"PUT", "PATCH", "DELETE"})


def faults(method: MethodSpec) -> Iterator[Fault]:
    """Pointers start at the method."""
    if not method.cache_seconds:
        return
    writes = method.risk != "read" or method.protocol.get("method") in _WRITING
    if writes or not method.idempotent:
        detail = "Only a method that reads may be cached: risk read, and idempotent."
        yield Fault("/cache_seconds", detail, "NOT_CACHEABLE")
