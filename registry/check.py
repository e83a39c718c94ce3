"""Definition checks: what each app has to say about a document before it is stored.

Registry owns the catalog; credentials, transformer and executor fill it at
start-up. A check is pure: it reads a DefinitionSpec and yields faults whose
pointers start at the document's root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Fault
from registry.spec import DefinitionSpec

DefinitionCheck = Callable[[DefinitionSpec], Iterable[Fault]]

definition_checks: Catalog[DefinitionCheck] = Catalog("definition check")
