"""A column whose value is opaque until someone asks for it, row in hand.

Built on `fernet_fields`, whose stock fields decrypt whole querysets on load and
cannot tell a ciphertext that was moved to another row. Here loading a row
decrypts nothing, and the model, primary key and field are sealed inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core import checks
from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db import models
from fernet_fields import EncryptedTextField

from integration_hub.sealing.model import SealedModel
from integration_hub.sealing.queryset import SealedQuerySet
from integration_hub.sealing.sealed import Sealed, seal

__all__ = ["Sealed", "SealedField", "seal"]


class SealedField(EncryptedTextField):
    """Holds a `Sealed` or None. `key_field` names the column that keeps the key's id."""

    is_sealed = True

    if TYPE_CHECKING:  # the library has no types; this is what a row's attribute holds

        def __get__(self, row: Any, owner: Any) -> Sealed | None: ...

        def __set__(self, row: Any, value: Sealed | None) -> None: ...

    def __init__(self, *args: Any, key_field: str, **kwargs: Any) -> None:
        self.key_field = key_field
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"key_field": self.key_field}

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_key_field(), *self._check_model()]

    def _check_key_field(self) -> list[checks.CheckMessage]:
        try:
            key = self.model._meta.get_field(self.key_field)
        except FieldDoesNotExist:
            key = None
        if isinstance(key, models.CharField) and key.creation_counter > self.creation_counter:
            return []
        return [
            checks.Error(
                f"{self.key_field!r} is no text column declared after {self.name!r}.",
                hint="Declare a CharField for the key's id below the sealed column.",
                obj=self,
                id="hub.E007",
            )
        ]

    def _check_model(self) -> list[checks.CheckMessage]:
        managers = self.model._meta.managers
        guarded = all(isinstance(each.get_queryset(), SealedQuerySet) for each in managers)
        if issubclass(self.model, SealedModel) and guarded:
            return []
        return [
            checks.Error(
                f"{self.model._meta.label} has sealed columns and no sealed manager.",
                hint="Inherit from sealing.model.SealedModel; build managers on SealedQuerySet.",
                obj=self,
                id="hub.E006",
            )
        ]

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.get_prep_value(getattr(model_instance, self.attname))
        if value is not None and value.key_id:
            # The key's column is declared after this field, so it is read after this runs.
            setattr(model_instance, self.key_field, value.key_id)
        return value

    def from_db_value(self, value: Any, expression: Any, connection: Any, *_: Any) -> Any:
        if value is None:
            return None
        return Sealed(bytes(value), self.model._meta.label_lower, self.name)

    def get_prep_value(self, value: Any) -> Any:
        """Only None or a value sealed for this column; never text, never an SQL expression."""
        if value is None:
            return None
        if isinstance(value, Sealed) and value.belongs_to(self.model._meta.label_lower, self.name):
            return value
        raise FieldError(f"{self.name} takes a value from seal(row, {self.name!r}, text)")

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """Asked for every value of every UPDATE, expressions too, which nothing else sees."""
        if not isinstance(value, bytes | memoryview | connection.Database.Binary):
            self.get_prep_value(value)
        return str(connection.ops.binary_placeholder_sql(value))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        value = self.get_prep_value(value)
        return None if value is None else connection.Database.Binary(value.token)

    get_db_prep_value = get_db_prep_save

    def to_python(self, value: Any) -> Any:
        """What a fixture holds: nothing, so that text never comes in by that way."""
        if value in (None, "") or isinstance(value, Sealed):
            return value or None
        raise ValidationError(f"{self.name} cannot be loaded: it takes sealed values only")

    def value_to_string(self, obj: models.Model) -> str:
        """Fixtures and dumps never carry a secret, not even sealed."""
        return ""
