"""The opaque value of a sealed column, and how one is made."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from integration_hub.sealing.keyring import CannotOpen, keyring

_END = "\x00"


class Sealed:
    """A ciphertext that knows its column. Its text never shows in repr, str, pickles or JSON."""

    __slots__ = ("_field", "_label", "_token", "key_id")

    def __init__(self, token: bytes, label: str, field: str, key_id: str = "") -> None:
        self._token, self._label, self._field = token, label, field
        self.key_id = key_id  # known for a value sealed in this process, else in its column

    @property
    def token(self) -> bytes:
        return self._token

    def belongs_to(self, label: str, field: str) -> bool:
        return (self._label, self._field) == (label, field)

    def open(self, row: models.Model) -> str:
        """The text. Raises CannotOpen unless it was sealed for exactly this row and field."""
        identity, end, text = keyring().decrypt(self._token).partition(_END)
        if not end or identity != _identity(row, self._field):
            raise CannotOpen("this value was sealed for another row")
        return text

    def __repr__(self) -> str:
        return "<Sealed ***>"

    def __reduce__(self) -> Any:
        raise TypeError("a sealed value is never pickled")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def seal(row: models.Model, field: str, text: str) -> Sealed:
    """Encrypt `text` under the newest key for this row (its pk must be known) and field."""
    if row.pk is None:
        raise ValueError("a row needs its primary key before anything is sealed into it")
    ring = keyring()
    token = ring.encrypt(_identity(row, field) + _END + text)
    return Sealed(token, _home(row, field), field, ring.newest)


def _home(row: models.Model, field: str) -> str:
    """The model whose table holds the column: the same through a proxy or a child."""
    return str(row._meta.get_field(field).model._meta.label_lower)


def _identity(row: models.Model, field: str) -> str:
    key = row._meta.pk.to_python(row.pk)  # one spelling, however the key was given
    return f"{_home(row, field)}|{key}|{field}"
