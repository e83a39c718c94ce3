"""Processes of the rig, found and killed by their ids."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found, front = [], [root]
    while front:
        front = [pid for parent in front for pid in children.get(parent, [])]
        found += front
    return found


def title(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\x00")[0].decode().strip()
    return ""


def system_call(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/syscall").read_text()
    return ""


def reads_a_pipe(pid: int) -> bool:
    """Whether the main thread is in read(2) of a pipe (x86-64: 0, arm64: 63)."""
    match = re.match(r"(0|63) 0x([0-9a-f]+) ", system_call(pid))
    if match is None:
        return False
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/fd/{int(match.group(2), 16)}").startswith("pipe:")
    return False


def processes_of(root: int, role: str) -> list[int]:
    """Processes below `root` that are titled `hub: role`, oldest first."""
    return sorted(pid for pid in descendants(root) if title(pid) == f"hub: {role}")


def sentinel_of(root: int) -> int:
    """The process that guards the workers: the only child of the cluster's first process."""
    (cluster,) = [pid for pid in processes_of(root, "cluster") if parent_of(pid) == root]
    return next(pid for pid in descendants(cluster) if parent_of(pid) == cluster)


def helpers_of(root: int) -> list[int]:
    """Beside the workers a sentinel has the monitor and the pusher, in this order."""
    sentinel = sentinel_of(root)
    return [pid for pid in processes_of(root, "cluster") if parent_of(pid) == sentinel]


def parent_of(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def is_gone(pid: int) -> bool:
    """Ended, or a zombie that nobody has waited for yet."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def catches(pid: int, number: int) -> bool:
    """Whether the process has a handler of its own for this signal."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False
