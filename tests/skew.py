"""Processes whose clock is wrong: libfaketime, as Debian's package `faketime` brings it."""

from __future__ import annotations

from pathlib import Path


def environment(apart: str) -> dict[str, str]:
    """Of a process whose clock is `apart` ("+5m", "-5m") from the machine's.

    Waits and time-outs go by the monotonic clock, which no wrong time of day moves.
    """
    found = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    assert found is not None, "install the package faketime"
    return {"LD_PRELOAD": str(found), "FAKETIME": apart, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
