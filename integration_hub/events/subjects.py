"""Which subjects a caller sees: asked of the app that knows them.

A subject is a slug that events know nothing more of. Events own the catalog; the app
of instances adds its rule at start-up. Without a rule, a caller limited to contexts
sees no event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integration_hub.access.caller import Caller
from integration_hub.lib.catalog import Catalog

# From a caller to the subjects that it sees: a list, or a query of one text column.
SubjectRule = Callable[[Caller], Any]

subject_rules: Catalog[SubjectRule] = Catalog("subject rule")
