"""Definition checks: what each app has to say about a document before it is stored.

Registry owns the catalog; credentials, transformer and executor fill it at
start-up. A check is pure: it reads a DefinitionSpec and yields faults whose
pointers start at the document's root. Warnings are the same, but refuse nothing: they
are shown to whoever stores or publishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Fault
from registry.spec import DefinitionSpec

DefinitionCheck = Callable[[DefinitionSpec], Iterable[Fault]]

definition_checks: Catalog[DefinitionCheck] = Catalog("definition check")
DefinitionResolver = Callable[[Any], Any]
"""A document to the same with what it refers to, or as it is where it refers to nothing.
Raises ValidationFailed. Documents come unjudged: whatever is of the wrong type stays."""
definition_resolvers: Catalog[DefinitionResolver] = Catalog("definition resolver")
definition_warnings: Catalog[DefinitionCheck] = Catalog("definition warning")

_MOST_WARNINGS = 100


def warnings_of(spec: DefinitionSpec) -> tuple[Fault, ...]:
    """What wants a look in a definition that is valid; at most 100."""
    found = (fault for _, warn in definition_warnings for fault in warn(spec))
    return tuple(islice(found, _MOST_WARNINGS))
