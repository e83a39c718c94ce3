"""Moving an instance to another version of its definition, judged before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, Fault, ValidationFailed
from registry import recorded
from registry.building import spec_of_text
from registry.choices import EXECUTABLE_DEFINITIONS
from registry.config import check_target, config_faults, filled
from registry.instance_rows import Precondition, locked_instance, store_version
from registry.models import Definition, Instance
from registry.readiness import pending_authentication
from registry.selectors import get_definition


@dataclass(frozen=True, slots=True)
class UpgradePreview:
    """What an upgrade would do; `errors` non-empty means that it would be refused."""

    from_ref: str
    to_ref: str
    config: Mapping[str, Any]
    errors: tuple[Fault, ...]
    authentication: str
    calls: recorded.Recorded


def preview_upgrade(*, instance: Instance, version: str) -> UpgradePreview:
    """Judge config, credential and the last calls under `version` of the same definition.

    `version` is exact or a range.
    """
    target = _target(instance, version)
    preview = _preview(instance, target, instance.config)
    old, new = spec_of_text(instance.definition.effective), spec_of_text(target.effective)
    return replace(preview, calls=recorded.under(instance.pk, old, new))


def preview_config(*, instance: Instance, version: str) -> UpgradePreview:
    """What an upgrade to `version` would do, the last calls left out; raises what it would."""
    preview = _preview(instance, _target(instance, version), instance.config)
    _refuse_faults(preview)
    return preview


def upgrade_instance(
    *, instance: Instance, version: str, actor: str, precondition: Precondition | None = None
) -> Instance:
    """Use `version` from now on. Raises ValidationFailed, and changes nothing, when the
    config does not hold there. An older version is allowed."""
    with transaction.atomic():
        row = locked_instance(instance, precondition)
        _move(row, _locked_target(row, version), row.config, actor, "instance.upgraded")
    return Instance.objects.select_related("definition").get(pk=row.pk)


def roll_back_instance(
    *, instance: Instance, actor: str, precondition: Precondition | None = None
) -> Instance:
    """Use the version again that the instance had before its last upgrade.

    With the config of then, unless it was edited since: then the present one is judged.
    Twice is the way there and back. Raises Conflict for an instance that was never
    upgraded, and what `upgrade_instance` raises.
    """
    with transaction.atomic():
        row = locked_instance(instance, precondition)
        if not row.previous_version:
            raise Conflict(f"{row.slug} was never upgraded: there is no version to go back to.")
        config = row.previous_config or row.config
        _move(row, _locked_target(row, row.previous_version), config, actor, "instance.rolled_back")
    return Instance.objects.select_related("definition").get(pk=row.pk)


def _move(row: Instance, target: Definition, config: str, actor: str, action: str) -> None:
    preview = _preview(row, target, config)
    _refuse_faults(preview)
    if target.pk == row.definition_id:
        return
    store_version(row, target, preview.config)
    record(
        actor=actor,
        action=action,
        target_type="instance",
        target=row.slug,
        detail={"from": preview.from_ref, "to": preview.to_ref},
    )
    revision.bump("registry")


def _refuse_faults(preview: UpgradePreview) -> None:
    if preview.errors:
        raise ValidationFailed(
            f"The config does not hold under {preview.to_ref}; see errors.",
            errors=preview.errors,
        )
    check_target(preview.config)


def _target(instance: Instance, version: str) -> Definition:
    """Raises Conflict for a version that does not execute."""
    row = get_definition(f"{instance.definition.slug}@{version}", pointer="/version")
    _refuse_unusable(row)
    return row


def _locked_target(instance: Instance, version: str) -> Definition:
    """The same, locked against archiving until the caller's transaction ends."""
    found = get_definition(f"{instance.definition.slug}@{version}", pointer="/version")
    row = Definition.objects.select_for_update().get(pk=found.pk)
    _refuse_unusable(row)
    return row


def _refuse_unusable(row: Definition) -> None:
    if row.status not in EXECUTABLE_DEFINITIONS:
        raise Conflict(
            f"{row.ref} is {row.status}: upgrade to a published version.",
            extra={"status": row.status},
        )


def _preview(instance: Instance, target: Definition, config_text: str) -> UpgradePreview:
    spec = spec_of_text(target.effective)
    config = filled(spec, jsonsafe.loads(config_text))
    return UpgradePreview(
        from_ref=instance.definition.ref,
        to_ref=target.ref,
        config=config,
        errors=config_faults(spec, config),
        authentication=pending_authentication(instance.pk, spec),
        calls=recorded.Recorded(),
    )
