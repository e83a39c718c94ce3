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
        """A sealed column is never written without the id of its key.

        A ciphertext that was loaded is not written back: it may have been
        re-encrypted since, and the key it was loaded under be retired.
        """
        sealed = sealed_fields(type(self))
        if update_fields is None and not self._state.adding and not options.get("force_insert"):
            update_fields = self._changed(sealed)
        if update_fields is not None:
            names = set(update_fields)
            names |= {field.key_field for name, field in sealed.items() if name in names}
            update_fields = names
        super().save(update_fields=update_fields, **options)

    def _changed(self, sealed: dict[str, Any]) -> list[str] | None:
        """Every loaded column but those whose ciphertext is as it was loaded."""
        deferred = self.get_deferred_fields()
        loaded = [name for name in sealed if name not in deferred]
        kept = {name for name in loaded if getattr(getattr(self, name), "key_id", None) == ""}
        if not kept:
            return None
        kept |= {sealed[name].key_field for name in kept}
        return [
            field.name
            for field in self._meta.concrete_fields
            if not field.primary_key and field.attname not in deferred and field.name not in kept
        ]
