"""What a process of the tree does first: a readable title, and an end when its parent ends."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from typing import NoReturn

import setproctitle

_PR_SET_PDEATHSIG = 1
_ORPHAN_POLL = 1.0


def entitle(role: str) -> None:
    """Show this process as `hub: role` to ps, top and pgrep."""
    setproctitle.setproctitle(f"hub: {role}")


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Have `number` sent to this process as soon as the one that forked it is gone.

    Linux does it in the kernel; elsewhere a thread looks once a second.
    """
    parent = os.getppid()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died between the two lines above
            os.kill(os.getpid(), number)
        return
    threading.Thread(target=_watch_parent, args=(parent, number), daemon=True).start()


def die_of_memory() -> NoReturn:
    """End this worker process: out of memory, any thread may fail anywhere, half-way.

    It counts as any other death: what ran beside the culprit runs again, alone.
    """
    os.write(2, b'{"event": "delivery.out_of_memory", "level": "error"}\n')
    os._exit(70)


def _watch_parent(parent: int, number: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(_ORPHAN_POLL)
    os.kill(os.getpid(), number)
