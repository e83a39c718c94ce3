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
from registry.import_services import Imported, import_definition, list_operations, recognised
from registry.instance_services import (
    create_instance,
    delete_instance,
    disable_instance,
    enable_instance,
    update_instance,
)
from registry.moving import Moved, move_instances, roll_back_instances
from registry.reimport_services import Reimported, reimport_definition
from registry.state import set_instance_state
from registry.upgrades import (
    UpgradePreview,
    preview_upgrade,
    roll_back_instance,
    upgrade_instance,
)

__all__ = [
    "Imported",
    "Moved",
    "Reimported",
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
    "import_definition",
    "list_operations",
    "move_instances",
    "preview_upgrade",
    "publish_definition",
    "recognised",
    "reimport_definition",
    "roll_back_instance",
    "roll_back_instances",
    "set_instance_state",
    "switch_adapter",
    "update_definition",
    "update_instance",
    "upgrade_instance",
]
