"""A document as the rows of a table: a list of objects, or a list of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import pointers
from transformer.faults import encode_failed


def names_of(document: Any, options: Mapping[str, Any]) -> list[str] | None:
    """The columns of objects, as said or as first met; None for lists. Raises TransformFailed."""
    if not isinstance(document, list):
        raise encode_failed("", "A table holds a list, one row an item", "list")
    if not any(isinstance(item, Mapping) for item in document):
        return None
    columns: list[str] | None = options.get("columns")
    if columns is not None:
        return columns
    found = (name for item in document if isinstance(item, Mapping) for name in item)
    return list(dict.fromkeys(found))


def cells_of(
    item: Any, names: list[str] | None, at: tuple[int, ...] = ()
) -> list[tuple[str | int, Any]]:
    """The fields of one row, each with its place in `item`, which stands `at`.

    Raises TransformFailed.
    """
    if names is None and isinstance(item, list):
        return list(enumerate(item))
    if names is None or not isinstance(item, Mapping):
        place = pointers.join(at)
        raise encode_failed(place, "A table holds objects alone, or lists alone", "object or list")
    unknown = item.keys() - set(names)
    if unknown:
        known = ", ".join(names)[:200]
        raise encode_failed(
            pointers.join((*at, min(unknown))), "Not one of the columns; give `columns`", known
        )
    return [(name, item.get(name)) for name in names]
