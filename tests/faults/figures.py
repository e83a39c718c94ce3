"""What the fault tests measured, for docs/reliability.md: one line a figure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FULL = os.environ.get("HUB_FAULTS") == "full"
"""HUB_FAULTS=full runs every promise at its full size; else the short form, for each change."""

full_only = pytest.mark.skipif(not FULL, reason="HUB_FAULTS=full runs it")

FILE = Path(os.environ.get("HUB_FIGURES", "var/fault-figures.txt"))


def write(name: str, value: float) -> None:
    """Append a figure and print it, so that a run reports numbers even when it passes."""
    line = f"{name}: {value:.1f}"
    print(line)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def size(full: int, short: int) -> int:
    """How much of something this run does."""
    return full if FULL else short
