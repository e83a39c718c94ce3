"""What credentials answers when registry asks whether an instance can authenticate.

Found by its name, because this is registered before any model is loaded.
"""

from __future__ import annotations

from uuid import UUID

from django.apps import apps

from registry.spec import DefinitionSpec


def pending_credential(instance_id: UUID, spec: DefinitionSpec) -> str:
    """Why the instance cannot authenticate yet; empty when it can."""
    rows = apps.get_model("credentials", "Credential").objects
    row = rows.filter(instance_id=instance_id).only("auth_id", "type").first()
    if row is None:
        return "A credential is needed."
    entry = spec.auth_by_id(row.auth_id)
    if entry is None or entry.type != row.type:
        return f"The credential is for {row.auth_id!r}, which {spec.ref} does not have."
    return ""
