"""Places whose people write numbers and dates in their own way (Unicode CLDR)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError

from integration_hub.lib.fields import Field

DEFAULT = "en"
LOCALE = Field(
    "locale", required=False, default=DEFAULT, max_length=40, help="Whose way of writing: de_CH."
)


def locale_of(options: Mapping[str, Any]) -> Locale:
    return _locale(str(options.get("locale", DEFAULT)))


def locale_fault(options: Mapping[str, Any]) -> str:
    """What is wrong with the option, as `ValueTransform.check` says it."""
    try:
        locale_of(options)
    except (UnknownLocaleError, ValueError):
        return f"{options['locale']!r} is no known locale; they look like en, de_CH, pt_BR."
    return ""


@lru_cache(maxsize=200)
def _locale(name: str) -> Locale:
    return Locale.parse(name.replace("-", "_"))
