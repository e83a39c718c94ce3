"""Why an instance cannot be deleted yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.apps import apps

if TYPE_CHECKING:
    # Registered before any model is loaded.
    from registry.models import Instance

_COUNTED = 1000


def unfinished(instance: Instance) -> Iterable[str]:
    """Executions that are not final block a deletion; final ones keep the slug as text."""
    rows = apps.get_model("executor", "Execution").objects.active().filter(instance_id=instance.pk)
    found = len(rows.values_list("pk", flat=True)[:_COUNTED])
    if found:
        more = "or more " if found == _COUNTED else ""
        yield f"{found} {more}execution(s) that are not final"
