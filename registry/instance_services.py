"""Connections to external systems: created, changed, switched, upgraded, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import (
    Conflict,
    Fault,
    Forbidden,
    InstanceNotFound,
    ValidationFailed,
)
from integration_hub.lib.merge_patch import apply_patch
from registry import dependents
from registry.building import spec_of_text
from registry.choices import EXECUTABLE_DEFINITIONS, DefinitionStatus, InstanceState
from registry.config import check_target, config_faults, filled
from registry.instance_input import CHANGE, CREATE, DEFAULTS, check_body
from registry.models import Definition, Instance
from registry.readiness import pending_authentication
from registry.selectors import get_definition
from registry.spec import DefinitionSpec
from registry.state import REASON_LENGTH, announce, set_instance_state

REVISION = "registry"
Precondition = Callable[[Instance], None]
_JSON_COLUMNS = ("config", "labels", "overrides")


def create_instance(
    *,
    definition: str,
    slug: str,
    actor: str,
    caller: Caller | None = None,
    **members: Any,
) -> Instance:
    """Store a new connection; nothing is opened.

    `members`: name, config, context, labels, overrides (contract §3). A config that
    breaks its schema is kept, and the state says so. Raises ValidationFailed,
    DefinitionNotFound, TargetForbidden, Conflict for a taken slug, Forbidden when
    `caller` would not see what it creates.
    """
    body = DEFAULTS | check_body({"definition": definition, "slug": slug, **members}, CREATE)
    context = body["context"]
    row = Instance(slug=slug, name=body.get("name") or slug, **_context_columns(context))
    if caller is not None and not caller.sees(slug, row.context_type, row.context_id):
        raise Forbidden("This token is limited to other instances or contexts than this one.")
    with transaction.atomic():
        row.definition = _usable(get_definition(definition, pointer="/definition"))
        spec = spec_of_text(row.definition.document)
        config = filled(spec, body["config"])
        faults = config_faults(spec, config)
        if all(fault.pointer != "/config/base_url" for fault in faults):
            check_target(config)
        _set_json(row, body | {"config": config})
        row.state, row.state_reason = _state_of(row, spec, faults)
        row.check_due_at = _next_check(spec)
        _insert(row)
        announce(row, state=row.state, reason=row.state_reason)
        _audit(actor, "instance.created", row, definition=row.definition.ref, state=row.state)
        revision.bump(REVISION)
    return row


def update_instance(
    *,
    instance: Instance,
    changes: Mapping[str, Any],
    actor: str,
    merge: bool = False,
    caller: Caller | None = None,
    precondition: Precondition | None = None,
) -> Instance:
    """Replace the members in `changes`, or with `merge` patch them (RFC 7396).

    A new config that breaks its schema is refused; a sound one unsettles what was
    proven, so the state starts again.
    """
    with transaction.atomic():
        row = _locked(instance, precondition)
        body = check_body(_patched(row, changes) if merge else dict(changes), CHANGE)
        spec = spec_of_text(row.definition.document)
        if "context" in body:
            _move_context(row, body["context"], caller)
        row.name = body.get("name", row.name)
        before = jsonsafe.loads(row.config)
        given: Any = body.get("config", before)
        config = filled(spec, given)
        if config != before:
            _refuse_unsound(spec, config)
        _set_json(row, body | {"config": config})
        _write(row)
        if config != before:
            _restart(row, spec)
        _audit(actor, "instance.changed", row, members=sorted(body))
        revision.bump(REVISION)
    return _fresh(row)


def enable_instance(
    *, instance: Instance, actor: str, precondition: Precondition | None = None
) -> Instance:
    """The operator's switch on."""
    return _switch(instance, enabled=True, actor=actor, precondition=precondition)


def disable_instance(
    *, instance: Instance, actor: str, precondition: Precondition | None = None
) -> Instance:
    """The operator's switch off: no call begins any more, running ones end."""
    return _switch(instance, enabled=False, actor=actor, precondition=precondition)


def delete_instance(
    *, instance: Instance, actor: str, precondition: Precondition | None = None
) -> None:
    """Raises Conflict naming what still depends on it; final executions keep the slug as text."""
    with transaction.atomic():
        row = _locked(instance, precondition)
        needing = dependents.of(row)
        if needing:
            raise Conflict(
                f"{row.slug} is still needed: {'; '.join(needing)[:300]}. "
                "Cancel that or wait for its end.",
                extra={"dependents": needing},
            )
        _audit(actor, "instance.deleted", row, definition=row.definition.ref)
        row.delete()
        revision.bump(REVISION)


def store_version(row: Instance, definition: Definition, config: Mapping[str, Any]) -> None:
    """Put a locked instance on another version; the caller has judged `config`."""
    spec = spec_of_text(definition.document)
    row.definition, row.config = definition, jsonsafe.dumps_text(dict(config))
    row.check_due_at = _next_check(spec)
    _write(row)
    _restart(row, spec)


def _switch(
    instance: Instance, *, enabled: bool, actor: str, precondition: Precondition | None
) -> Instance:
    with transaction.atomic():
        row = _locked(instance, precondition)
        if row.enabled == enabled:
            return row
        row.enabled = enabled
        _write(row)
        _audit(actor, "instance.enabled" if enabled else "instance.disabled", row)
        revision.bump(REVISION)
    return _fresh(row)


def locked_instance(instance: Instance, precondition: Precondition | None) -> Instance:
    """The row under a lock, its definition loaded; in the caller's transaction."""
    return _locked(instance, precondition)


def _usable(definition: Definition) -> Definition:
    """The definition, locked against archiving until this transaction ends."""
    row = Definition.objects.select_for_update().get(pk=definition.pk)
    if row.status not in EXECUTABLE_DEFINITIONS:
        remedy = "publish it first" if row.status == DefinitionStatus.DRAFT else "use another"
        raise Conflict(f"{row.ref} is {row.status}: {remedy}.", extra={"status": row.status})
    return row


def _refuse_unsound(spec: DefinitionSpec, config: Mapping[str, Any]) -> None:
    faults = config_faults(spec, config)
    if faults:
        raise ValidationFailed("The config does not fit its schema; see errors.", errors=faults)
    check_target(config)


def _patched(row: Instance, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The named members under the patch; a context is replaced whole, its parts belong together."""
    stored = {name: jsonsafe.loads(getattr(row, name)) for name in _JSON_COLUMNS}
    current = {name: stored[name] for name in stored if name in patch}
    whole = {name: patch[name] for name in patch if name not in stored}
    changed = {name: apply_patch(current[name], patch[name]) for name in current}
    return {name: value for name, value in (whole | changed).items() if value is not None}


def _move_context(row: Instance, context: Mapping[str, Any], caller: Caller | None) -> None:
    _set_columns(row, _context_columns(context))
    if caller is not None and not caller.sees(row.slug, row.context_type, row.context_id):
        raise Forbidden("This token may not move an instance out of its own contexts.")


def _state_of(
    row: Instance, spec: DefinitionSpec, faults: tuple[Fault, ...]
) -> tuple[InstanceState, str]:
    if faults:
        said = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults)
        return InstanceState.PENDING_CONFIGURATION, said[:REASON_LENGTH]
    pending = pending_authentication(row.pk, spec)
    if pending:
        return InstanceState.PENDING_AUTHENTICATION, pending[:REASON_LENGTH]
    return InstanceState.DISCONNECTED, ""


def _restart(row: Instance, spec: DefinitionSpec) -> None:
    state, reason = _state_of(row, spec, config_faults(spec, jsonsafe.loads(row.config)))
    set_instance_state(instance_id=row.pk, state=state, reason=reason)


def _context_columns(context: Mapping[str, Any]) -> dict[str, str]:
    return {"context_type": context["type"], "context_id": context.get("id") or ""}


def _set_columns(row: Instance, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def _set_json(row: Instance, members: Mapping[str, Any]) -> None:
    texts = {n: jsonsafe.dumps_text(members[n]) for n in _JSON_COLUMNS if n in members}
    _set_columns(row, texts)


def _next_check(spec: DefinitionSpec) -> Any:
    """The first check comes an interval later: creation opens no connection."""
    if not spec.health_method:
        return None
    return clock.now() + timedelta(seconds=spec.health_interval_seconds)


def _insert(row: Instance) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        fault = Fault("/slug", "This slug is taken.", "TAKEN")
        raise Conflict(f"An instance {row.slug!r} exists already.", errors=[fault]) from None


def _write(row: Instance) -> None:
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
        revision=F("revision") + 1,
        updated_at=clock.now(),
    )
    if not changed:
        raise Conflict("The instance was changed at the same time: read it again.")


def _locked(instance: Instance, precondition: Precondition | None) -> Instance:
    rows = Instance.objects.select_for_update(of=("self",)).select_related("definition")
    row = rows.filter(pk=instance.pk).first()
    if row is None:
        raise InstanceNotFound(f"The instance {instance.slug!r} was deleted meanwhile.")
    if precondition is not None:
        precondition(row)
    return row


def _fresh(row: Instance) -> Instance:
    return Instance.objects.select_related("definition").get(pk=row.pk)


def _audit(actor: str, action: str, row: Instance, **detail: Any) -> None:
    record(actor=actor, action=action, target_type="instance", target=row.slug, detail=detail)
