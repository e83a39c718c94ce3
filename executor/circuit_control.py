"""What operators see of an instance's circuits, and what they may set."""

from __future__ import annotations

from typing import Any, Literal

from django.db import transaction

from executor.calls import Target
from executor.choices import CircuitChanged
from executor.models import CircuitChange
from integration_hub.access.caller import Caller
from integration_hub.audit import services as audit
from integration_hub.coordination import holds, operated
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, Forbidden, ValidationFailed
from integration_hub.lib.near import near_names
from registry.runtime import RuntimeInstance

Wanted = Literal["closed", "forced_open", "disabled"]
HOST = "host"
EVERY = "*"
"""Stands for all methods that share the instance's quota."""
SHOWN = 50
_REFUSING = frozenset({"open", "half_open", "forced_open"})
_CHANGES = {
    "closed": CircuitChanged.RESET,
    "forced_open": CircuitChanged.FORCED_OPEN,
    "disabled": CircuitChanged.DISABLED,
}
_VERBS = {
    "closed": "instance.circuits_reset",
    "forced_open": "instance.circuits_forced_open",
    "disabled": "instance.circuits_disabled",
}


def states(instance: RuntimeInstance) -> list[dict[str, Any]]:
    """What is known of each method's circuit, `scope` being the method's name."""
    prefix = f"{instance.id}:"
    return [
        {
            "scope": found.scope.removeprefix(prefix),
            "state": found.state,
            "retry_after": found.retry_after,
        }
        for found in operated.states(prefix)
    ]


def overview(instance: RuntimeInstance) -> dict[str, Any]:
    """The circuits with why and since when they are so, that of the host, and what happened."""
    changes = history(instance)
    latest: dict[str, dict[str, Any]] = {}
    for change in changes:
        latest.setdefault(change["scope"], change)
    rows = [_explained(row, latest.get(row["scope"])) for row in states(instance)]
    host = _host(instance, latest.get(HOST))
    return {"results": rows, "host": host, "holds": waits(instance), "history": changes}


def waits(instance: RuntimeInstance) -> list[dict[str, Any]]:
    """What is left alone now because the external system asked for it, and until when.

    `scope` is a method with a rate of its own, or `*` for all others.

    `kind`: it `refused` a call, its quota is `spent`, or one call goes first (`probing`).
    """
    account, now = str(instance.id), clock.now().timestamp()
    return [
        {
            "scope": scope[len(account) + 1 :] or EVERY,
            "kind": found.kind.value,
            "retry_after": max(0.0, found.until - now),
        }
        for scope, found in holds.states(account).items()
    ]


def history(instance: RuntimeInstance) -> list[dict[str, Any]]:
    """The last changes of the instance's circuits and of its host's, newest first."""
    names = {f"{instance.id}:{name}": name for name in instance.methods}
    mine = CircuitChange.objects.filter(instance_id=instance.id).order_by("-id")[:SHOWN]
    hosts = CircuitChange.objects.filter(scope=_host_scope(instance)).order_by("-id")[:SHOWN]
    found = {row.pk: row for row in (*mine, *hosts)}
    newest = sorted(found.values(), key=lambda row: row.pk, reverse=True)[:SHOWN]
    return [
        {
            "scope": HOST if row.scope.startswith("host:") else names.get(row.scope, row.scope),
            "change": row.change,
            "at": row.at.isoformat().replace("+00:00", "Z"),
            "reason": row.reason,
            "by": row.actor or None,
        }
        for row in newest
    ]


@transaction.atomic
def change(
    *, instance: RuntimeInstance, state: Wanted, caller: Caller, scope: str = "", reason: str = ""
) -> list[dict[str, Any]]:
    """Set circuits of an instance, audited; returns those it set.

    `scope` is a method's name, `host` for the circuit of the instance's host, or empty
    for every method. `closed` forgets what was counted and lets the circuit work by
    itself again, and waits that the external system asked for; `forced_open` and
    `disabled` stay until someone sets it otherwise.
    """
    names = _named(instance, scope, state, caller)
    before = {row["scope"]: row["state"] for row in (*states(instance), *_host_rows(instance))}
    # First, for what a shared store was told is not taken back with the transaction.
    audit.record(
        actor=caller.owner,
        action=_VERBS[state],
        target_type="instance",
        target=instance.slug,
        detail={"scope": scope or "every method", "reason": reason},
    )
    if state == "closed" and scope != HOST:
        _lift(instance, scope)
    for name in names:
        _set(instance, name, state)
        _tell(instance, name, before.get(name, "closed"), state, reason)
    CircuitChange.objects.bulk_create(
        CircuitChange(
            scope=_scope_of(instance, name),
            instance_id=instance.id,
            instance_slug=instance.slug,
            at=clock.now(),
            change=_CHANGES[state],
            reason=reason,
            actor=caller.owner,
        )
        for name in names
    )
    return [{"scope": name, "state": state, "retry_after": 0.0} for name in names]


def _named(instance: RuntimeInstance, scope: str, state: Wanted, caller: Caller) -> list[str]:
    if scope == HOST:
        if caller.instances or caller.contexts:
            raise Forbidden("The circuit of a host is others' too: use a token without limits.")
        if instance.upstream:
            return [HOST]
    elif not scope:
        known = (row["scope"] for row in states(instance))
        return list(known) if state == "closed" else sorted(instance.methods)
    elif scope in instance.methods:
        return [scope]
    raise ValidationFailed(
        "There is no such circuit.",
        errors=[Fault("/scope", f"A method of {instance.slug}, or {HOST!r}.", "ENUM")],
        suggestions=near_names(scope, instance.methods),
    )


def _set(instance: RuntimeInstance, name: str, state: Wanted) -> None:
    scope = _scope_of(instance, name)
    operated.force(scope, state)


def _lift(instance: RuntimeInstance, scope: str) -> None:
    if scope:
        holds.lift(Target(instance, instance.method(scope)).bucket)
    else:
        holds.lift_all(str(instance.id))


def _tell(instance: RuntimeInstance, name: str, before: str, state: Wanted, reason: str) -> None:
    """The event of a circuit that now refuses, or no longer does."""
    opened = state == "forced_open"
    if opened == (before in _REFUSING):
        return
    method = "" if name == HOST else name
    why = f"By an operator: {reason}" if reason else "By an operator."
    data = {"instance": instance.slug, "method": method, "scope": name, "reason": why}
    kind = EventType.CIRCUIT_OPENED if opened else EventType.CIRCUIT_CLOSED
    events.emit(type=kind, subject=instance.slug, data=data)


def _scope_of(instance: RuntimeInstance, name: str) -> str:
    return _host_scope(instance) if name == HOST else f"{instance.id}:{name}"


def _host_scope(instance: RuntimeInstance) -> str:
    return f"host:{instance.upstream[:200]}"


def _host(instance: RuntimeInstance, last: dict[str, Any] | None) -> dict[str, Any] | None:
    if not instance.upstream:
        return None
    unused = {"scope": HOST, "state": "closed", "retry_after": 0.0}
    row = next(iter(_host_rows(instance)), unused)
    return {"address": instance.upstream, **_explained(row, last)}


def _host_rows(instance: RuntimeInstance) -> list[dict[str, Any]]:
    scope = _host_scope(instance)
    return [
        {"scope": HOST, "state": row.state, "retry_after": row.retry_after}
        for row in operated.states(scope)
        if row.scope == scope
    ]


def _explained(row: dict[str, Any], last: dict[str, Any] | None) -> dict[str, Any]:
    """With the last change; a closed circuit that never moved has none."""
    why = last or {"at": None, "reason": "", "by": None}
    return {**row, "since": why["at"], "reason": why["reason"], "by": why["by"]}
