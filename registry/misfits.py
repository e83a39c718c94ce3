"""Definitions that the adapter of this hub cannot run, and those of the same slug that it can."""

from __future__ import annotations

from collections.abc import Iterator

from integration_hub.lib import jsonsafe
from registry.adapter import adapters
from registry.adapter_versions import mismatch
from registry.choices import EXECUTABLE_DEFINITIONS
from registry.models import Definition
from registry.refs import is_range, sort_key, within
from registry.spec import DefinitionSpec

_MOST = 5
_LOOKED_AT = 50


def misfit_of(spec: DefinitionSpec) -> str:
    """Why it cannot run here and what to do, for who calls it; empty where it can."""
    wrong = mismatch(spec)
    if not wrong:
        return ""
    fitting = sorted(_fitting(spec), key=sort_key, reverse=True)[:_MOST]
    versions = ", ".join(f"{spec.slug}@{version}" for version in fitting)
    remedy = f"upgrade to one that fits: {versions}" if versions else "no version of it fits"
    return f"{spec.ref} cannot run: {wrong}; {remedy}."


def _fitting(spec: DefinitionSpec) -> Iterator[str]:
    rows = Definition.objects.filter(
        slug=spec.slug, type=spec.type, status__in=EXECUTABLE_DEFINITIONS
    )
    version = adapters.get(spec.type).version
    for row in rows.order_by("-published_at")[:_LOOKED_AT]:
        supports = jsonsafe.loads(row.effective).get("supports", "")
        if not supports or (is_range(supports) and within(version, supports)):
            yield row.version
