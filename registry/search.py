"""What a search of definitions looks into: one column, folded once when it is written.

PostgreSQL's own comparison without regard to case folds every row of every search,
which is most of what such a search costs. There an index of trigrams finds parts of words.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.lookups import Contains

from registry.spec import DefinitionSpec


class SearchTextField(models.TextField):  # type: ignore[type-arg]  # generic for the checker alone
    """Kept without regard to case; so is what `icontains` looks for."""

    def get_prep_value(self, value: Any) -> Any:
        found = super().get_prep_value(value)
        return found.casefold() if isinstance(found, str) else found


@SearchTextField.register_lookup
class ContainsFolded(Contains):
    lookup_name = "icontains"
    prepare_rhs = True

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """As the lookup that minds case: both sides are folded already."""
        return Contains(self.lhs, self.rhs).as_sql(compiler, connection)


def search_text(spec: DefinitionSpec) -> str:
    """Slug, name, description, tags and the names of methods, a line each."""
    return "\n".join((spec.slug, spec.name, spec.description, *spec.tags, *spec.methods))
