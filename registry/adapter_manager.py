"""The adapters that there are, their states and the operator's switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.lib.errors import InstanceNotReady, NotFound
from integration_hub.lib.near import near_names
from registry import adapter_life
from registry.adapter import Adapter, adapters
from registry.choices import AdapterState
from registry.models import AdapterSwitch

_switches: revision.Cached[dict[str, str]] = revision.Cached("registry", max_items=1)


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """One adapter as operators see it; without its code it has a state and a reason only."""

    type: str
    state: AdapterState
    reason: str = ""
    title: str = ""
    version: str = ""
    package: str = ""
    supported_auth: tuple[str, ...] = ()
    config_schema: Mapping[str, Any] = field(default_factory=dict)
    method_schema: Mapping[str, Any] = field(default_factory=dict)


def list_adapters() -> list[AdapterStatus]:
    """Every known adapter by type, those that could not be loaded included."""
    names = sorted({*adapters.names(), *adapters.disabled})
    return [_status(name) for name in names]


def get_adapter(name: str) -> AdapterStatus:
    """Raises NotFound with near names."""
    known = {*adapters.names(), *adapters.disabled}
    if name not in known:
        raise NotFound(
            f"There is no adapter {name[:40]!r}; known: {', '.join(sorted(known))}.",
            suggestions=near_names(name, known),
        )
    return _status(name)


def active_adapter(name: str) -> Adapter:
    """The adapter's code, for a call. Raises InstanceNotReady with the reason when it is off."""
    off = _switched_off().get(name)
    if off is not None:
        adapter_life.close(name)
        raise InstanceNotReady(
            f"The adapter {name!r} is disabled: {off}. An operator can switch it on "
            f"(POST /adapters/{name}/enable)."
        )
    if name in adapters:
        return adapter_life.started(name)
    reason = adapters.disabled.get(name) or "it is not installed here"
    raise InstanceNotReady(f"The adapter {name!r} is disabled: {reason}.")


def switch_adapter(*, type: str, enabled: bool, actor: str, reason: str = "") -> AdapterSwitch:  # noqa: A002 - the field's word
    """Turn an adapter on or off for every instance. Raises NotFound for an unknown one."""
    get_adapter(type)
    with transaction.atomic():
        row, _ = AdapterSwitch.objects.update_or_create(
            type=type,
            defaults={"enabled": enabled, "reason": reason[:300], "changed_by": actor[:200]},
        )
        record(
            actor=actor,
            action="adapter.enabled" if enabled else "adapter.disabled",
            target_type="adapter",
            target=type,
            detail={"reason": reason[:300]},
        )
        revision.bump("registry")
    adapter_life.forget_failure(type)
    return row


def _status(name: str) -> AdapterStatus:
    if name not in adapters:
        reason = adapters.disabled.get(name, "")
        package = adapters.packages.get(name, "")
        return AdapterStatus(name, AdapterState.DISABLED, reason, package=package)
    adapter = adapters.get(name)
    state, reason = _state(name)
    return AdapterStatus(
        type=name,
        state=state,
        reason=reason,
        package=adapters.packages.get(name, ""),
        title=adapter.title,
        version=adapter.version,
        supported_auth=tuple(sorted(adapter.supported_auth)),
        config_schema=adapter.config_schema(),
        method_schema=adapter.method_schema(),
    )


def _state(name: str) -> tuple[AdapterState, str]:
    off = _switched_off().get(name) or adapter_life.failure(name)
    if off:
        return AdapterState.DISABLED, off
    return (AdapterState.ACTIVE if adapter_life.is_started(name) else AdapterState.REGISTERED), ""


def _switched_off() -> dict[str, str]:
    return _switches.get("off", _load_switches)


def _load_switches() -> dict[str, str]:
    rows = AdapterSwitch.objects.filter(enabled=False)
    return {row.type: row.reason or "switched off by an operator" for row in rows}
