"""What this host's processes of the hub take, by role, as the kernel tells it.

A process is known by the file that it counts into (`metrics.share`), its role by its
title (`hub: worker`). Where there is no /proc nothing is told.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_TITLE = re.compile(r"hub: ([a-z]+)")
_PID = re.compile(r"_(\d+)\.db$")
OTHER = "other"


@dataclass(slots=True)
class Taken:
    """Sums of all processes of one role."""

    count: int = 0
    memory_bytes: int = 0
    open_files: int = 0
    cpu_seconds: dict[int, float] = field(default_factory=dict)
    """By process id: a sum would fall when one of them ends."""


def by_role(folder: Path) -> dict[str, Taken]:
    """Those that live now; one that ends meanwhile is left out."""
    found: dict[str, Taken] = {}
    for pid in _pids(folder):
        with suppress(OSError, ValueError, IndexError):
            role, memory, files, cpu = _look(Path(f"/proc/{pid}"))
            taken = found.setdefault(role, Taken())
            taken.count += 1
            taken.memory_bytes += memory
            taken.open_files += files
            taken.cpu_seconds[pid] = cpu
    return found


def _pids(folder: Path) -> set[int]:
    names = (_PID.search(path.name) for path in folder.glob("*.db"))
    return {int(name[1]) for name in names if name} | {os.getpid()}


def _look(place: Path) -> tuple[str, int, int, float]:
    title = _TITLE.search((place / "cmdline").read_text(errors="replace"))
    pages = int((place / "statm").read_text().split()[1])
    files = sum(1 for _ in (place / "fd").iterdir())
    # Its name, in brackets, may hold blanks; of what follows, 11 and 12 are utime and stime.
    after = (place / "stat").read_text().rpartition(")")[2].split()
    cpu = (int(after[11]) + int(after[12])) / os.sysconf("SC_CLK_TCK")
    return (title[1] if title else OTHER), pages * os.sysconf("SC_PAGE_SIZE"), files, cpu
