"""Whether an instance has what it needs to authenticate: asked of the app that knows.

Registry owns the catalog; credentials adds itself at start-up. An entry returns
why authentication is still pending, or an empty text. Without an entry, a
definition that needs a credential has none.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from integration_hub.lib.catalog import Catalog
from registry.spec import DefinitionSpec

PendingAuthentication = Callable[[UUID, DefinitionSpec], str]

authentication: Catalog[PendingAuthentication] = Catalog("authentication readiness")


def pending_authentication(instance_id: UUID, spec: DefinitionSpec) -> str:
    """Why the instance cannot authenticate yet; empty when it can."""
    if not spec.needs_credential:
        return ""
    asked = [ask(instance_id, spec) for _, ask in authentication]
    if not asked:
        return "A credential is needed."
    return next((reason for reason in asked if reason), "")
