"""A column whose value is opaque until someone asks for it, row in hand.

Built on `fernet_fields`, whose stock fields decrypt whole querysets on load and
cannot tell a ciphertext that was moved to another row. Here loading a row
decrypts nothing, and the model, primary key and field are sealed inside.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from fernet_fields import EncryptedTextField

from integration_hub.sealing.keyring import CannotOpen, keyring

_END = "\x00"


class Sealed:
    """A ciphertext that knows where it belongs. Its text never shows in repr, str or pickles."""

    __slots__ = ("_field", "_label", "_token", "key_id")

    def __init__(self, token: bytes, label: str, field: str, key_id: str = "") -> None:
        self._token, self._label, self._field = token, label, field
        self.key_id = key_id  # known for a value sealed in this process, else in its column

    @property
    def token(self) -> bytes:
        return self._token

    def open(self, row: models.Model) -> str:
        """The text. Raises CannotOpen unless it was sealed for exactly this row and field."""
        identity, end, text = keyring().decrypt(self._token).partition(_END)
        if not end or identity != _identity(row, self._field) or self._label != _label(row):
            raise CannotOpen("this value was sealed for another row")
        return text

    def __repr__(self) -> str:
        return "<Sealed ***>"

    def __reduce__(self) -> Any:
        raise TypeError("a sealed value is never pickled")


def seal(row: models.Model, field: str, text: str) -> Sealed:
    """Encrypt `text` under the newest key for this row (its pk must be known) and field."""
    if row.pk is None:
        raise ValueError("a row needs its primary key before anything is sealed into it")
    ring = keyring()
    token = ring.encrypt(_identity(row, field) + _END + text)
    return Sealed(token, _label(row), field, ring.newest)


def _label(row: models.Model) -> str:
    return str(row._meta.concrete_model._meta.label_lower)  # type: ignore[union-attr]


def _identity(row: models.Model, field: str) -> str:
    return f"{_label(row)}|{row.pk}|{field}"


class SealedField(EncryptedTextField):
    """Holds a `Sealed` or None. `key_field` names the column that keeps the key's id."""

    def __init__(self, *args: Any, key_field: str, **kwargs: Any) -> None:
        self.key_field = key_field
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"key_field": self.key_field}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if value is not None and not isinstance(value, Sealed):
            raise FieldError(f"{self.name} takes a sealed value: use sealing.seal(row, …)")
        if value is not None and value.key_id:
            # The key's column is declared after this field, so it is read after this runs.
            setattr(model_instance, self.key_field, value.key_id)
        return value

    def from_db_value(self, value: Any, expression: Any, connection: Any, *_: Any) -> Any:
        if value is None:
            return None
        return Sealed(bytes(value), self.model._meta.label_lower, self.name)

    def get_prep_value(self, value: Any) -> Any:
        if value is not None and not isinstance(value, Sealed):
            raise FieldError(f"{self.name} takes a sealed value: use sealing.seal(row, …)")
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        value = self.get_prep_value(value)
        return None if value is None else connection.Database.Binary(value.token)

    get_db_prep_value = get_db_prep_save

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        """Fixtures and dumps never carry a secret, not even sealed."""
        return ""
