"""One worker process as the hub sees it: started, asked, killed."""

from __future__ import annotations

import socket
import subprocess  # nosec B404
import sys
import time
from pathlib import Path
from typing import Any

from transformer.expressions import wire

START_SECONDS = 20.0
_ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from transformer.expressions.worker import main; main()"
)


class NotStarted(Exception):
    """The process did not become ready: a broken installation, or a machine without room."""


class WorkerProcess:
    """Used by one thread at a time. Its environment is empty, and so are its hands: it has
    one socket, to here. `-I` keeps it from reading anything of the user's."""

    def __init__(self, engine: str) -> None:
        """Returns at once; the first `ask` waits until it is ready. Raises OSError."""
        self._link, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(  # noqa: S603  # nosec B603 - nothing from outside
                [sys.executable, "-I", "-c", _START, str(_ROOT), engine, str(other.fileno())],
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(other.fileno(),),
                start_new_session=True,  # Ctrl-C is for the hub, which then closes this
            )
        self._ready = False
        self.jobs = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(
        self, head: dict[str, Any], body: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        """Raises NotStarted, TimeoutError and wire.Broken; then it is good only for `kill`."""
        self._await_ready()
        self.jobs += 1
        ends = time.monotonic() + seconds
        wire.send(self._link, head, body, ends)
        return wire.receive(self._link, ends)

    def _await_ready(self) -> None:
        if self._ready:
            return
        try:
            wire.receive(self._link, time.monotonic() + START_SECONDS)
        except (TimeoutError, wire.Broken) as error:
            raise NotStarted(str(error)) from None
        self._ready = True

    def kill(self) -> int:
        """The code that it ended with: negative for a signal."""
        self._link.close()
        ended = self._process.poll()
        if ended is None:
            try:  # one that broke off by itself is about to say how it ended
                ended = self._process.wait(0.05)
            except subprocess.TimeoutExpired:
                self._process.kill()
                ended = self._process.wait()
        return ended

    def abandon(self) -> None:
        """In a forked child: let go of the parent's worker without harming it."""
        self._link.close()
        self._process.returncode = 0
