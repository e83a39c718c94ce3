"""Rows of instances: locked, judged, written; what every service of theirs does with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Conflict, Fault, InstanceNotFound
from registry.building import spec_of_text
from registry.choices import InstanceState
from registry.config import config_faults
from registry.models import Definition, Instance
from registry.readiness import pending_authentication
from registry.spec import DefinitionSpec
from registry.state import REASON_LENGTH, set_instance_state

Precondition = Callable[[Instance], None]
JSON_COLUMNS = ("config", "labels", "overrides")


def locked_instance(instance: Instance, precondition: Precondition | None) -> Instance:
    """The row under a lock, its definition loaded; in the caller's transaction."""
    rows = Instance.objects.select_for_update(of=("self",)).select_related("definition")
    row = rows.filter(pk=instance.pk).first()
    if row is None:
        raise InstanceNotFound(f"The instance {instance.slug!r} was deleted meanwhile.")
    if precondition is not None:
        precondition(row)
    return row


def fresh(row: Instance) -> Instance:
    return Instance.objects.select_related("definition").get(pk=row.pk)


def insert(row: Instance) -> None:
    """Raises Conflict for a slug that is taken."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        fault = Fault("/slug", "This slug is taken.", "TAKEN")
        raise Conflict(f"An instance {row.slug!r} exists already.", errors=[fault]) from None


def write(row: Instance) -> None:
    """Store what operators may change, if nobody else did since the row was read."""
    changed = Instance.objects.filter(pk=row.pk, revision=row.revision).update(
        name=row.name,
        definition=row.definition,
        config=row.config,
        labels=row.labels,
        overrides=row.overrides,
        context_type=row.context_type,
        context_id=row.context_id,
        enabled=row.enabled,
        check_due_at=row.check_due_at,
        previous_version=row.previous_version,
        previous_config=row.previous_config,
        revision=F("revision") + 1,
        updated_at=clock.now(),
    )
    if not changed:
        raise Conflict("The instance was changed at the same time: read it again.")


def store_version(row: Instance, definition: Definition, config: Mapping[str, Any]) -> None:
    """Put a locked instance on another version; the caller has judged `config`.

    The version and config that it leaves are kept: the way back.
    """
    spec = spec_of_text(definition.effective)
    row.previous_version, row.previous_config = row.definition.version, row.config
    row.definition, row.config = definition, jsonsafe.dumps_text(dict(config))
    row.check_due_at = next_check(spec)
    write(row)
    restart(row, spec)


def state_of(
    row: Instance, spec: DefinitionSpec, faults: tuple[Fault, ...]
) -> tuple[InstanceState, str]:
    """The state that an instance begins in, and why."""
    if faults:
        said = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults)
        return InstanceState.PENDING_CONFIGURATION, said[:REASON_LENGTH]
    pending = pending_authentication(row.pk, spec)
    if pending:
        return InstanceState.PENDING_AUTHENTICATION, pending[:REASON_LENGTH]
    return InstanceState.DISCONNECTED, ""


def restart(row: Instance, spec: DefinitionSpec) -> None:
    """Begin again: what was proven was proven of another config or version."""
    state, reason = state_of(row, spec, config_faults(spec, jsonsafe.loads(row.config)))
    set_instance_state(instance_id=row.pk, state=state, reason=reason)


def set_columns(row: Instance, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def set_json(row: Instance, members: Mapping[str, Any]) -> None:
    """The members that are kept as JSON text."""
    set_columns(
        row, {name: jsonsafe.dumps_text(members[name]) for name in JSON_COLUMNS if name in members}
    )


def next_check(spec: DefinitionSpec) -> datetime:
    """The first check comes an interval later: creation opens no connection."""
    return clock.now() + timedelta(seconds=spec.health_interval_seconds)
