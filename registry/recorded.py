"""Recorded calls under another version: asked of the app that keeps them.

Registry owns the catalog; executor fills it at start-up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Fault
from registry.spec import DefinitionSpec


@dataclass(frozen=True, slots=True)
class Differs:
    """One call that was valid and would not be. `part`: method, parameters or result."""

    execution_id: UUID
    method: str
    part: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """`checked`: how many calls were looked at."""

    checked: int = 0
    different: tuple[Differs, ...] = ()


Ask = Callable[[UUID, DefinitionSpec, DefinitionSpec], Recorded]

recorded_calls: Catalog[Ask] = Catalog("recorded calls")


def under(instance_id: UUID, old: DefinitionSpec, new: DefinitionSpec) -> Recorded:
    """What the last calls of this instance would be under `new`."""
    found = [ask(instance_id, old, new) for _, ask in recorded_calls]
    return Recorded(
        sum(item.checked for item in found),
        tuple(differs for item in found for differs in item.different),
    )
