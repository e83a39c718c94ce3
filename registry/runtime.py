"""What a call needs to know of an instance, from memory: no query beside the revision's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from integration_hub.access.caller import Caller
from integration_hub.coordination.revision import Cached
from integration_hub.lib.errors import InstanceNotFound, InstanceNotReady
from registry.config import config_faults, filled
from registry.models import Instance
from registry.refs import Ref, parse_ref
from registry.runtime_instance import RuntimeInstance, build, param_validator, result_validator
from registry.selection import nearest, not_ready
from registry.selectors import get_definition, lookup, no_instance

__all__ = [
    "RuntimeInstance",
    "at_version",
    "by_id",
    "by_ref",
    "param_validator",
    "result_validator",
    "select",
]

_instances: Cached[RuntimeInstance] = Cached("registry")
_candidates: Cached[tuple[UUID, ...]] = Cached("registry")


def by_ref(ref: str, caller: Caller) -> RuntimeInstance:
    """By id or slug. Raises InstanceNotFound, also for one that the caller may not see."""
    try:
        found = _instances.get(ref, lambda: _load(**lookup(ref)))
    except Instance.DoesNotExist:
        raise no_instance(ref, caller) from None
    if not caller.sees(found.slug, found.context_type, found.context_id):
        raise no_instance(ref, caller)
    return found


def by_id(key: UUID) -> RuntimeInstance:
    """Raises InstanceNotFound."""
    try:
        return _instances.get(key, lambda: _load(pk=key))
    except Instance.DoesNotExist:
        raise InstanceNotFound("The instance was deleted.") from None


def at_version(instance: RuntimeInstance, definition_id: UUID) -> RuntimeInstance:
    """The same instance under another version of its definition, as a replay needs it.

    Raises DefinitionNotFound, and InstanceNotReady when that version is not executable
    or the instance's config does not fit it.
    """
    if instance.definition_id == definition_id:
        return instance
    key = (instance.id, definition_id)
    found = _instances.get(key, lambda: _load_at(instance.id, definition_id))
    found.require_ready()
    return found


def _load_at(key: UUID, definition_id: UUID) -> RuntimeInstance:
    row = Instance.objects.get(pk=key)
    row.definition = get_definition(str(definition_id))  # never saved: this is a view of it
    found = build(row)
    config = filled(found.spec, found.config)
    if config_faults(found.spec, config):
        raise InstanceNotReady(f"The config of {row.slug} does not fit {found.spec.ref}.")
    return replace(found, config=config)


def select(*, integration: str, context: Mapping[str, Any], caller: Caller) -> RuntimeInstance:
    """The instance of `integration` (`slug[@range]`) that serves this client or user.

    Counts only what the caller sees and what lies inside the range. Raises
    DefinitionNotFound or InstanceNotFound with near names, InstanceNotReady when
    none that fits may be called, AmbiguousInstance naming both when two are equal.
    """
    wanted = parse_ref(integration, "/integration")
    found = [
        item
        for item in _serving(wanted, {kind: str(who) for kind, who in context.items() if who})
        if caller.sees(item.slug, item.context_type, item.context_id)
        and _inside(wanted, item.spec.version)
    ]
    ready = [item for item in found if not item.not_ready_reason()]
    if ready:
        return nearest(integration, ready)
    if found:
        raise not_ready(integration, found)
    get_definition(integration, pointer="/integration")
    raise InstanceNotFound(
        f"No instance of {integration[:130]!r} serves this context; POST /instances makes one."
    )


def _serving(wanted: Ref, served: Mapping[str, str]) -> list[RuntimeInstance]:
    key = (wanted.slug, wanted.id, served.get("client_id"), served.get("user_id"))
    ids = _candidates.get(key, lambda: _load_serving(wanted, served))
    return [by_id(item) for item in ids]


def _load_serving(wanted: Ref, served: Mapping[str, str]) -> tuple[UUID, ...]:
    of_definition = (
        {"definition_id": wanted.id} if wanted.id else {"definition__slug": wanted.slug[:80]}
    )
    rows = Instance.objects.filter(**of_definition).serving(dict(served))
    return tuple(rows.order_by("slug").values_list("pk", flat=True))


def _inside(wanted: Ref, version: str) -> bool:
    """A bare slug admits every version that an instance was made for, pre-releases too."""
    return wanted.id is not None or not wanted.range or wanted.admits(version)


def _load(**filters: Any) -> RuntimeInstance:
    return build(Instance.objects.select_related("definition").get(**filters))
