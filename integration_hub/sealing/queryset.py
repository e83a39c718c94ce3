"""What a queryset may do with sealed columns: next to nothing.

`update(secret=F(…))` would store another column's text in clear, `bulk_update()`
garbage; values and orders of ciphertext mean nothing. Each is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, Self, TypeVar

from django.core.exceptions import FieldError
from django.db import models

from integration_hub.sealing.sealed import Sealed

M = TypeVar("M", bound=models.Model)


def sealed_fields(model: type[models.Model]) -> dict[str, Any]:
    """The sealed columns of `model` by name (`SealedField`, which stands above this module)."""
    fields = model._meta.concrete_fields
    return {field.name: field for field in fields if getattr(field, "is_sealed", False)}


class SealedQuerySet(models.QuerySet[M]):
    """Loads, filters by `isnull`, and updates with sealed values; the rest is a FieldError."""

    def update(self, **kwargs: Any) -> int:
        for name, field in sealed_fields(self.model).items():
            if name in kwargs:
                value = field.get_prep_value(kwargs[name])
                if isinstance(value, Sealed) and value.key_id:
                    kwargs.setdefault(field.key_field, value.key_id)
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]  # templates read the mark

    def bulk_update(
        self, objs: Iterable[M], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        names = list(fields)
        self._refuse(names, "written by bulk_update()")
        return super().bulk_update(objs, names, batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]  # templates read the mark

    def order_by(self, *field_names: Any) -> Self:
        self._refuse(field_names, "ordered by")
        return super().order_by(*field_names)

    def _values(self, *fields: Any, **expressions: Any) -> Self:
        sealed = sealed_fields(self.model)
        if sealed and not fields and not expressions:
            self._raise(next(iter(sealed)), "read by values(): name the columns you need")
        self._refuse([*fields, *expressions.values()], "read by values(): load the row")
        return super()._values(*fields, **expressions)  # type: ignore[misc,no-any-return]  # Django's own, untyped

    def _refuse(self, wanted: Sequence[Any], what: str) -> None:
        sealed = sealed_fields(self.model)
        for item in wanted:
            for name in _names(item):
                if name in sealed:
                    self._raise(name, what)

    def _raise(self, name: str, what: str) -> NoReturn:
        raise FieldError(f"{self.model._meta.label}.{name} is sealed and cannot be {what}")


def _names(item: Any) -> list[str]:
    """The first step of each column name in a field name or an expression."""
    if isinstance(item, str):
        return [item.lstrip("-").split("__")[0]]
    parts: Iterable[Any] = item.flatten() if hasattr(item, "flatten") else (item,)
    columns: list[Any] = [part for part in parts if isinstance(part, models.F)]
    return [column.name.split("__")[0] for column in columns]
