"""JSON merge patch (RFC 7396): what a PATCH body means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def apply_patch(target: Any, patch: Any) -> Any:
    """`target` under `patch`: objects merge member by member, null removes, the rest replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply_patch(merged.get(name), value)
    return merged
