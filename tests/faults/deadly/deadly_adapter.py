"""A third party's adapter whose calls end the process that makes them, each in its own way."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

from executor.adapters.http import HttpAdapter

ROOM_BYTES = 64 * 1024 * 1024


class DeadlyAdapter(HttpAdapter):
    type = "deadly"
    title = "Deadly"

    def call(self, call):
        answer = super().call(call)  # so that the upstream counts every start
        {"/die/kill": _kill, "/die/exit": _exit, "/die/memory": _hog}[
            call.method.protocol["path"]
        ]()
        return answer


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _exit() -> None:
    os._exit(3)


def _hog() -> None:
    """Allocate until the limit of the address space says no."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    hoard = []
    while True:
        hoard.append(bytearray(1024 * 1024))
