"""The base of every model with a sealed column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from integration_hub.sealing.queryset import SealedQuerySet, sealed_fields

SealedManager = models.Manager.from_queryset(SealedQuerySet)


class SealedModel(models.Model):
    """`in_fixtures = False` leaves the model out of `dumpdata` altogether."""

    in_fixtures: ClassVar[bool] = True

    if not TYPE_CHECKING:  # to the type checker it is each model's default manager
        objects = SealedManager()

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """A sealed column is never written without the id of its key."""
        if update_fields is not None:
            names = set(update_fields)
            sealed = sealed_fields(type(self))
            names |= {field.key_field for name, field in sealed.items() if name in names}
            update_fields = names
        super().save(update_fields=update_fields, **options)
