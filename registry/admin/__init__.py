"""The registry's pages: each change calls the service that REST calls."""

from registry.admin.adapters import AdapterSwitchAdmin
from registry.admin.definitions import DefinitionAdmin
from registry.admin.instances import InstanceAdmin

__all__ = ["AdapterSwitchAdmin", "DefinitionAdmin", "InstanceAdmin"]
