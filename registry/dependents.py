"""Who still needs an instance: asked before one is deleted.

Registry owns the catalog; an upper app adds itself at start-up. Each entry says,
in a caller's words, what depends on the instance (`3 executions that are not
final`); nothing said means nothing depends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from integration_hub.lib.catalog import Catalog

if TYPE_CHECKING:
    # Filled at start-up, before any model is loaded.
    from registry.models import Instance

dependents: Catalog[Callable[[Instance], Iterable[str]]] = Catalog("instance dependents")


def of(instance: Instance) -> list[str]:
    """Everything that depends on `instance`, in a stable order."""
    return [what for _, ask in dependents for what in ask(instance)]
