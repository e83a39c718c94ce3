"""HUB_API_RATE: how many requests one tenant, token or user may make."""

from __future__ import annotations

import math
import re

from integration_hub.lib.resilience.options import LimitOptions

_RATE = re.compile(r"([1-9][0-9]{0,8})/([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LEAST_BURST, _BURSTS_A_PERIOD = 5, 20


def parse_rate(
    text: str, name: str = "HUB_API_RATE", *, whole: bool = False
) -> LimitOptions | None:
    """`600/m` → a token bucket refilled with 600 in a minute; "" → None, no limit.

    A twentieth of a period may come at once, five calls at least: a bucket of the
    whole period would let twice the rate through in the first one. Where people
    come in bursts and no total is promised, `whole` lets it.
    """
    if not text:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{name} is {text!r}, which is no rate.")
    requests = int(found[1])
    share = max(_LEAST_BURST, math.ceil(requests / _BURSTS_A_PERIOD))
    burst = requests if whole else min(requests, share)
    return LimitOptions(requests=requests, per_seconds=_SECONDS[found[2]], burst=burst)
