"""Connections to external systems: created, changed, switched, upgraded, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import (
    Conflict,
    Forbidden,
    ValidationFailed,
)
from integration_hub.lib.merge_patch import apply_patch
from registry import dependents
from registry.building import spec_of_text
from registry.choices import EXECUTABLE_DEFINITIONS, DefinitionStatus
from registry.config import check_target, config_faults, filled
from registry.instance_input import CHANGE, CREATE, DEFAULTS, check_body
from registry.instance_rows import (
    JSON_COLUMNS,
    Precondition,
    fresh,
    insert,
    locked_instance,
    next_check,
    restart,
    set_columns,
    set_json,
    state_of,
    write,
)
from registry.models import Definition, Instance
from registry.selectors import get_definition
from registry.spec import DefinitionSpec
from registry.state import announce
from registry.tls import check_switch

REVISION = "registry"


def create_instance(
    *,
    definition: str,
    slug: str,
    actor: str,
    caller: Caller | None = None,
    superuser: bool = False,
    **members: Any,
) -> Instance:
    """Store a new connection; nothing is opened.

    `members`: name, config, context, labels, overrides (contract §3). A config that
    breaks its schema is kept, and the state says so. Raises ValidationFailed,
    DefinitionNotFound, TargetForbidden, Conflict for a taken slug, Forbidden when
    `caller` would not see what it creates, or when TLS verification is switched off
    by someone who is no `superuser`.
    """
    body = DEFAULTS | check_body({"definition": definition, "slug": slug, **members}, CREATE)
    context = body["context"]
    switched = check_switch({}, body["overrides"], superuser=superuser)
    row = Instance(slug=slug, name=body.get("name") or slug, **_context_columns(context))
    if caller is not None and not caller.sees(slug, row.context_type, row.context_id):
        raise Forbidden("This token is limited to other instances or contexts than this one.")
    with transaction.atomic():
        row.definition = _usable(get_definition(definition, pointer="/definition"))
        spec = spec_of_text(row.definition.effective)
        config = filled(spec, body["config"])
        faults = config_faults(spec, config)
        if all(fault.pointer != "/config/base_url" for fault in faults):
            check_target(config)
        set_json(row, body | {"config": config})
        row.state, row.state_reason = state_of(row, spec, faults)
        row.check_due_at = next_check(spec)
        insert(row)
        announce(row, state=row.state, reason=row.state_reason)
        _audit(actor, "instance.created", row, definition=row.definition.ref, state=row.state)
        if switched:
            _audit(actor, switched, row)
        revision.bump(REVISION)
    return row


def update_instance(
    *,
    instance: Instance,
    changes: Mapping[str, Any],
    actor: str,
    merge: bool = False,
    caller: Caller | None = None,
    superuser: bool = False,
    precondition: Precondition | None = None,
) -> Instance:
    """Replace the members in `changes`, or with `merge` patch them (RFC 7396).

    A new config that breaks its schema is refused; a sound one unsettles what was
    proven, so the state starts again. Only a `superuser` switches TLS verification off.
    """
    with transaction.atomic():
        row = locked_instance(instance, precondition)
        body = check_body(_patched(row, changes) if merge else dict(changes), CHANGE)
        spec = spec_of_text(row.definition.effective)
        if "context" in body:
            _move_context(row, body["context"], caller)
        row.name = body.get("name", row.name)
        overrides = jsonsafe.loads(row.overrides)
        after: Any = body.get("overrides", overrides)
        switched = check_switch(overrides, after, superuser=superuser)
        before = jsonsafe.loads(row.config)
        given: Any = body.get("config", before)
        config = filled(spec, given)
        if config != before:
            _refuse_unsound(spec, config)
            row.previous_config = ""  # it is not what the version before would come back to
        set_json(row, body | {"config": config})
        write(row)
        if config != before:
            restart(row, spec)
        _audit(actor, "instance.changed", row, members=sorted(body))
        if switched:
            _audit(actor, switched, row)
        revision.bump(REVISION)
    return fresh(row)


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
        row = locked_instance(instance, precondition)
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


def _switch(
    instance: Instance, *, enabled: bool, actor: str, precondition: Precondition | None
) -> Instance:
    with transaction.atomic():
        row = locked_instance(instance, precondition)
        if row.enabled == enabled:
            return row
        row.enabled = enabled
        write(row)
        _audit(actor, "instance.enabled" if enabled else "instance.disabled", row)
        revision.bump(REVISION)
    return fresh(row)


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
    stored = {name: jsonsafe.loads(getattr(row, name)) for name in JSON_COLUMNS}
    current = {name: stored[name] for name in stored if name in patch}
    whole = {name: patch[name] for name in patch if name not in stored}
    changed = {name: apply_patch(current[name], patch[name]) for name in current}
    return {name: value for name, value in (whole | changed).items() if value is not None}


def _move_context(row: Instance, context: Mapping[str, Any], caller: Caller | None) -> None:
    set_columns(row, _context_columns(context))
    if caller is not None and not caller.sees(row.slug, row.context_type, row.context_id):
        raise Forbidden("This token may not move an instance out of its own contexts.")


def _context_columns(context: Mapping[str, Any]) -> dict[str, str]:
    return {"context_type": context["type"], "context_id": context.get("id") or ""}


def _audit(actor: str, action: str, row: Instance, **detail: Any) -> None:
    record(actor=actor, action=action, target_type="instance", target=row.slug, detail=detail)
