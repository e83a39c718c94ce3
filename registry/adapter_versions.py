"""Whether the adapter that is installed is one that a definition supports."""

from __future__ import annotations

from registry.adapter import adapters
from registry.refs import is_range, within
from registry.spec import DefinitionSpec


def mismatch(spec: DefinitionSpec) -> str:
    """What does not fit, without a full stop; empty where it fits or the adapter is not there."""
    if not spec.supports or spec.type not in adapters:
        return ""
    version = adapters.get(spec.type).version
    if not is_range(spec.supports) or within(version, spec.supports):
        return ""
    return (
        f"It supports the adapter {spec.type} {spec.supports}, and the one of this hub is {version}"
    )
