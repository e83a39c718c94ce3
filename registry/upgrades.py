"""Moving an instance to another version of its definition, judged before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, Fault, ValidationFailed
from registry.building import spec_of_text
from registry.choices import EXECUTABLE_DEFINITIONS
from registry.config import check_target, config_faults, filled
from registry.instance_services import Precondition, locked_instance, store_version
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


def preview_upgrade(*, instance: Instance, version: str) -> UpgradePreview:
    """Judge the config under `version` (exact or a range) of the same definition."""
    return _preview(instance, _target(instance, version))


def upgrade_instance(
    *, instance: Instance, version: str, actor: str, precondition: Precondition | None = None
) -> Instance:
    """Use `version` from now on. Raises ValidationFailed, and changes nothing, when the
    config does not hold there. An older version is allowed: that is the way back."""
    with transaction.atomic():
        row = locked_instance(instance, precondition)
        target = _target(row, version)
        preview = _preview(row, target)
        if preview.errors:
            raise ValidationFailed(
                f"The config does not hold under {preview.to_ref}; see errors.",
                errors=preview.errors,
            )
        check_target(preview.config)
        if target.pk != row.definition_id:
            store_version(row, target, preview.config)
            record(
                actor=actor,
                action="instance.upgraded",
                target_type="instance",
                target=row.slug,
                detail={"from": preview.from_ref, "to": preview.to_ref},
            )
            revision.bump("registry")
    return Instance.objects.select_related("definition").get(pk=row.pk)


def _target(instance: Instance, version: str) -> Definition:
    found = get_definition(f"{instance.definition.slug}@{version}", pointer="/version")
    row = Definition.objects.select_for_update().get(pk=found.pk)
    if row.status not in EXECUTABLE_DEFINITIONS:
        raise Conflict(
            f"{row.ref} is {row.status}: upgrade to a published version.",
            extra={"status": row.status},
        )
    return row


def _preview(instance: Instance, target: Definition) -> UpgradePreview:
    spec = spec_of_text(target.document)
    config = filled(spec, jsonsafe.loads(instance.config))
    return UpgradePreview(
        from_ref=instance.definition.ref,
        to_ref=target.ref,
        config=config,
        errors=config_faults(spec, config),
        authentication=pending_authentication(instance.pk, spec),
    )
