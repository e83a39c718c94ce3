"""Which of several instances serves a caller: user over client over global."""

from __future__ import annotations

from integration_hub.lib.errors import AmbiguousInstance, InstanceNotReady
from registry.choices import ContextType
from registry.runtime_instance import RuntimeInstance

_PRECEDENCE = (ContextType.USER, ContextType.CLIENT, ContextType.GLOBAL)
_MOST_NAMED = 20


def nearest(integration: str, ready: list[RuntimeInstance]) -> RuntimeInstance:
    """The one nearest to the caller. Raises AmbiguousInstance naming those that are equal."""
    for kind in _PRECEDENCE:
        level = [item for item in ready if item.context_type == kind]
        if len(level) > 1:
            slugs = [item.slug for item in level]
            raise AmbiguousInstance(
                f"{len(level)} {kind.value} instances of {integration[:130]!r} fit equally: "
                f"{', '.join(slugs[:_MOST_NAMED])}. Name one by /instances/{{ref}}.",
                extra={"instances": slugs[:_MOST_NAMED]},
            )
        if level:
            return level[0]
    raise AssertionError("a ready instance has one of the three context types")


def not_ready(integration: str, found: list[RuntimeInstance]) -> InstanceNotReady:
    """Why none of those that fit may be called."""
    reasons = " ".join(item.not_ready_reason() for item in found[:3])
    return InstanceNotReady(
        f"No instance of {integration[:130]!r} may be called now. {reasons}",
        extra={"instances": [item.slug for item in found[:_MOST_NAMED]]},
    )
