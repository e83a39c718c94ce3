"""The sliding window of a circuit, packed in one short text that every store keeps as it is.

`c` + one digit a call, oldest first (0 good, 1 bad), or `t` + `slot:calls:bad`
entries joined by `;`. A time window is cut into at most 60 slots, one a second
when it is shorter (the partial aggregation of resilience4j). The script in
`coordination/stores/lua.py` does the same arithmetic; a test holds them equal.
"""

from __future__ import annotations

import math

from integration_hub.lib.resilience.options import CircuitOptions

MAX_SLOTS = 60


def record(window: str, options: CircuitOptions, now: float, *, bad: bool) -> str:
    """The window with one more call. A window of the other type starts anew."""
    if options.window_type == "time":
        return _record_time(window, options, now, bad=bad)
    calls = window[1:] if window.startswith("c") else ""
    return "c" + (calls + ("1" if bad else "0"))[-max(1, options.window) :]


def counts(window: str) -> tuple[int, int]:
    """How many calls the window holds as recorded, and how many of them were bad."""
    if window.startswith("c"):
        return len(window) - 1, window.count("1")
    calls = bad = 0
    for _, number, failed in _entries(window):
        calls += number
        bad += failed
    return calls, bad


def _record_time(window: str, options: CircuitOptions, now: float, *, bad: bool) -> str:
    width = max(1.0, options.window / MAX_SLOTS)
    slot = math.floor(now / width)
    oldest = slot - math.ceil(max(1, options.window) / width)
    kept = [entry for entry in _entries(window) if oldest < entry[0] < slot]
    here = [entry for entry in _entries(window) if entry[0] == slot]
    calls, failed = here[0][1:] if here else (0, 0)
    kept.append((slot, calls + 1, failed + bad))
    return "t" + ";".join(f"{at}:{number}:{failures}" for at, number, failures in kept)


def _entries(window: str) -> list[tuple[int, int, int]]:
    if len(window) < 2 or window[0] != "t":
        return []
    entries = (entry.split(":") for entry in window[1:].split(";"))
    return [(int(at), int(calls), int(bad)) for at, calls, bad in entries]
