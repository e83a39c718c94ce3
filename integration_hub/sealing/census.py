"""Which sealed columns there are, found by introspection, and which keys their rows use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Count, Q, QuerySet

from integration_hub.sealing.keyring import keyring


@dataclass(frozen=True, slots=True)
class SealedColumns:
    """The sealed columns of one table that share the column with their key's id."""

    model: type[models.Model]
    key_field: str
    fields: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.model._meta.label

    def rows(self) -> QuerySet[Any]:
        """The rows that hold a ciphertext in any of the columns."""
        held = Q()
        for name in self.fields:
            held |= Q(**{f"{name}__isnull": False})
        return self.model._default_manager.filter(held)

    def behind(self, newest: str) -> QuerySet[Any]:
        """Those whose ciphertext is under another key than `newest`."""
        return self.rows().exclude(**{self.key_field: newest})


def sealed_columns() -> Iterator[SealedColumns]:
    """Every sealed column of every model, tables in the order of their names."""
    owners = [model for model in apps.get_models() if not model._meta.proxy]
    for model in sorted(owners, key=lambda owner: owner._meta.label):
        by_key: dict[str, list[str]] = {}
        for field in model._meta.local_concrete_fields:
            if getattr(field, "is_sealed", False):
                by_key.setdefault(field.key_field, []).append(field.name)  # type: ignore[attr-defined]  # `is_sealed` says that it is one of ours
        for key_field, names in by_key.items():
            yield SealedColumns(model, key_field, tuple(names))


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many rows of which model are sealed under a key; `known`: it is in FERNET_KEYS."""

    id: str
    known: bool
    newest: bool
    by_model: dict[str, int]

    @property
    def rows(self) -> int:
        return sum(self.by_model.values())


def key_uses() -> list[KeyUse]:
    """Every key in force, newest first, then every other one that some row still names.

    Counts every sealed row: one pass over each table.
    """
    ring = keyring()
    found: dict[str, dict[str, int]] = {key: {} for key in ring.ids}
    for columns in sealed_columns():
        counted = columns.rows().order_by().values_list(columns.key_field).annotate(Count("pk"))
        for key, rows in counted:
            by_model = found.setdefault(key, {})
            by_model[columns.label] = by_model.get(columns.label, 0) + rows
    return [KeyUse(key, key in ring.ids, key == ring.newest, found[key]) for key in found]


def missing_keys() -> dict[str, list[str]]:
    """The keys that rows use and FERNET_KEYS lacks, with the models; reads no ciphertext."""
    ring = keyring()
    found: dict[str, list[str]] = {}
    for columns in sealed_columns():
        others = columns.rows().exclude(**{f"{columns.key_field}__in": ring.ids}).order_by()
        for key in others.values_list(columns.key_field, flat=True).distinct():
            found.setdefault(key, []).append(columns.label)
    return found
