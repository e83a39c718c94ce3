"""What the fault tests measured, for docs/reliability.md: one line a figure."""

from __future__ import annotations

import os
from pathlib import Path

FILE = Path(os.environ.get("HUB_FIGURES", "var/fault-figures.txt"))


def write(name: str, value: float) -> None:
    """Append a figure and print it, so that a run reports numbers even when it passes."""
    line = f"{name}: {value:.1f}"
    print(line)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
