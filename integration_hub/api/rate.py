"""HUB_API_RATE: how many requests one token or user may make."""

from __future__ import annotations

import re

from integration_hub.lib.resilience.options import LimitOptions

_RATE = re.compile(r"([1-9][0-9]{0,8})/([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_rate(text: str) -> LimitOptions | None:
    """`600/m` → a token bucket of 600 refilled in a minute; "" → None, no limit."""
    if not text:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"HUB_API_RATE is {text!r}, which is no rate.")
    requests = int(found[1])
    return LimitOptions(requests=requests, per_seconds=_SECONDS[found[2]], burst=requests)
