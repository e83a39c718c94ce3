"""What is answered of a named transform, as JSON values."""

from __future__ import annotations

from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.clock import rfc3339
from transformer.models import NamedTransform


def transform(row: NamedTransform) -> dict[str, Any]:
    """The document with what the hub knows of it."""
    return {**jsonsafe.loads(row.document), **facts(row)}


def summary(row: NamedTransform) -> dict[str, Any]:
    """One line of a list: the document stays where it is."""
    names = {"slug": row.slug, "version": row.version, "description": row.description}
    return names | facts(row)


def facts(row: NamedTransform) -> dict[str, Any]:
    """Read-only."""
    return {
        "id": str(row.pk),
        "status": row.status,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
        "published_at": None if row.published_at is None else rfc3339(row.published_at),
    }
