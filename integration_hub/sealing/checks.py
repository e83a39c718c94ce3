"""System checks of the keys, and that nothing is encrypted in another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - its name there
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, transaction
from fernet_fields import EncryptedField

from integration_hub.sealing.census import missing_keys

TAG = "hub"  # what carries it stops a service in production mode from starting
MIN_KEY_LENGTH = 32
MIN_KEY_CHARACTERS = 10
_MAKE_ONE = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'


def check_keys(**_: Any) -> list[CheckMessage]:
    """hub.E001–E004; says which key of the list is meant, never what it is."""
    keys: Sequence[str] = settings.FERNET_KEYS
    if not keys:
        hint = f"Nothing is sealed without a key. {_MAKE_ONE}"
        return [Error("FERNET_KEYS is not set.", hint=hint, id="hub.E001")]
    faults = [fault for place, key in enumerate(keys, 1) for fault in _key_faults(place, key)]
    if len(set(keys)) != len(keys):
        hint = "Keep one of the two."
        faults.append(Error("FERNET_KEYS holds a key twice.", hint=hint, id="hub.E004"))
    return faults


def check_stock_fields(**_: Any) -> list[CheckMessage]:
    """hub.E008: every encrypted column is a `SealedField`, which also checks its own model."""
    return [
        Error(
            f"{model._meta.label}.{field.name} is a stock encrypted field.",
            hint="It decrypts on load and takes SQL expressions in clear. Use SealedField.",
            obj=field,
            id="hub.E008",
        )
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedField) and not getattr(field, "is_sealed", False)
    ]


def check_keys_in_use(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """hub.W010: a key that rows still use is missing. The hub starts: other rows open."""
    if not databases or not settings.FERNET_KEYS:
        return []
    try:
        with transaction.atomic():
            missing = missing_keys()
    except DatabaseError:  # before the first migration there is nothing to open
        return []
    return [
        Warning(
            f"Values in {', '.join(models)} are sealed under the key {key}, "
            "which is not in FERNET_KEYS.",
            hint="Put the key back at the end of FERNET_KEYS and run manage.py rotate_keys.",
            id="hub.W010",
        )
        for key, models in missing.items()
    ]


def _key_faults(place: int, key: str) -> Iterator[CheckMessage]:
    if len(key) < MIN_KEY_LENGTH or len(set(key)) < MIN_KEY_CHARACTERS:
        yield Error(
            f"Key {place} of FERNET_KEYS is weak.",
            hint=f"A key has at least {MIN_KEY_LENGTH} random characters. {_MAKE_ONE}",
            id="hub.E002",
        )
    if key in _signing_keys():
        yield Error(
            f"Key {place} of FERNET_KEYS is the SECRET_KEY.",
            hint=f"Whoever can sign sessions must not open credentials. {_MAKE_ONE}",
            id="hub.E003",
        )


def _signing_keys() -> set[str]:
    try:
        return {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS}
    except ImproperlyConfigured:  # Django raises on reading an empty one
        return set()
