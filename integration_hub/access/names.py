"""What tokens and people are called, for who reads the audit log.

Models are found by name, because this is registered before any is loaded.
"""

from __future__ import annotations

from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model


def of_tokens(keys: list[str]) -> dict[str, str]:
    rows = apps.get_model("access", "Token").objects.filter(pk__in=_uuids(keys))
    return {str(key): name for key, name in rows.values_list("pk", "name")}


def of_people(keys: list[str]) -> dict[str, str]:
    numbers = [key for key in keys if key.isascii() and key.isdigit() and len(key) < 19]
    rows = get_user_model().objects.filter(pk__in=numbers)
    return {str(user.pk): user.get_username() for user in rows}


def _uuids(keys: list[str]) -> list[UUID]:
    found = []
    for key in keys:
        try:
            found.append(UUID(key))
        except ValueError:
            continue
    return found
