"""Everything that changes the registry, by one name each."""

from registry.adapter_manager import switch_adapter
from registry.definition_services import (
    archive_definition,
    create_definition,
    delete_definition,
    deprecate_definition,
    digest_of,
    publish_definition,
    update_definition,
)
from registry.instance_services import (
    create_instance,
    delete_instance,
    disable_instance,
    enable_instance,
    update_instance,
)
from registry.state import set_instance_state
from registry.upgrades import UpgradePreview, preview_upgrade, upgrade_instance

__all__ = [
    "UpgradePreview",
    "archive_definition",
    "create_definition",
    "create_instance",
    "delete_definition",
    "delete_instance",
    "deprecate_definition",
    "digest_of",
    "disable_instance",
    "enable_instance",
    "preview_upgrade",
    "publish_definition",
    "set_instance_state",
    "switch_adapter",
    "update_definition",
    "update_instance",
    "upgrade_instance",
]
