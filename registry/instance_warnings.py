"""What an instance's page warns of, said by the apps above about its definition."""

from __future__ import annotations

from collections.abc import Callable

from integration_hub.lib.catalog import Catalog
from registry.spec import DefinitionSpec

# A sentence; empty when there is nothing to look at.
InstanceWarning = Callable[[DefinitionSpec], str]

instance_warnings: Catalog[InstanceWarning] = Catalog("instance warning")


def warnings_about(spec: DefinitionSpec) -> list[str]:
    """In the order of their names."""
    return [said for _, warn in instance_warnings if (said := warn(spec))]
