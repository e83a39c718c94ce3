"""What the transformer needs to be installed as the settings say."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from integration_hub.lib.catalog import UnknownPlugin
from transformer.engine import engines


def check_engine(**_: Any) -> list[checks.CheckMessage]:
    """hub.E025: the engine that HUB_EXPRESSION_ENGINE names is there."""
    try:
        engines.get(settings.HUB_EXPRESSION_ENGINE)
    except UnknownPlugin as unknown:
        hint = "Install what it needs, or set HUB_EXPRESSION_ENGINE to one that is known."
        return [checks.Error(f"{unknown}.", hint=hint, id="hub.E025")]
    return []
