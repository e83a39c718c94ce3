"""One process tree: forks its children, restarts what dies, stops all within the grace.

The children share the parent's loaded code, so a restart takes milliseconds. Each
leads a process group of its own: Ctrl-C reaches the supervisor alone, and a
child's whole group can be ended with it. The parent itself holds no thread and no
database connection.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connections

from executor.delivery.constants import GRACE_SECONDS
from executor.delivery.processes import die_with_parent, entitle
from integration_hub.lib import clock, log

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
TICK_SECONDS = 0.5
KILL_AFTER = GRACE_SECONDS + 3.0
STEADY_SECONDS = 20.0
LONGEST_BACKOFF = 15.0

logger = log.get(__name__)


@dataclass(slots=True)
class Child:
    """`run` is the child's whole life; what it returns is its exit code.

    `restarts` maps an exit code to another child that is to be killed and
    started again: how the watchdog reports. What a child that `lingers` leaves
    behind ends by itself, its begun work done; of any other it is killed.
    """

    role: str
    run: Callable[[], int | None]
    restarts: Mapping[int, str] = field(default_factory=dict)
    lingers: bool = False
    pid: int = 0
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0


class Supervisor:
    """`run` returns when every child has stopped after SIGTERM or SIGINT."""

    def __init__(self, children: Iterable[Child]) -> None:
        self._children = {child.role: child for child in children}
        self._stopping_since: float | None = None

    def run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        connections.close_all()
        while True:
            self._reap()
            if self._stopping_since is None:
                self._start_due()
            elif not self._living():
                break
            elif clock.monotonic() - self._stopping_since >= KILL_AFTER:
                self._kill_all()
            got = signal.sigtimedwait(SIGNALS, TICK_SECONDS)
            if got is not None and got.si_signo in (signal.SIGTERM, signal.SIGINT):
                self._stop()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _living(self) -> list[Child]:
        return [child for child in self._children.values() if child.pid]

    def _start_due(self) -> None:
        for child in self._children.values():
            if not child.pid and clock.monotonic() >= child.due_at:
                self._start(child)

    def _start(self, child: Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            _live(child)
        child.pid, child.started_at = pid, clock.monotonic()
        logger.info("delivery.started", role=child.role, pid=pid)

    def _reap(self) -> None:
        for child in self._living():
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._ended(child, os.waitstatus_to_exitcode(status))

    def _ended(self, child: Child, code: int) -> None:
        if not child.lingers:
            self._end_group(child)
        child.pid = 0
        if self._stopping_since is not None:
            return
        if other := self._children.get(child.restarts.get(code, "")):
            logger.error("delivery.restarting", role=other.role, told_by=child.role)
            if other.pid:
                self._end_group(other)
            return
        steady = clock.monotonic() - child.started_at >= STEADY_SECONDS
        child.failures = 0 if steady else child.failures + 1
        wait = min(0.1 * 2**child.failures, LONGEST_BACKOFF) if child.failures > 1 else 0.0
        child.due_at = clock.monotonic() + wait
        logger.error("delivery.died", role=child.role, code=code, restart_in=wait)

    def _stop(self) -> None:
        if self._stopping_since is None:
            logger.info("delivery.stopping", grace=GRACE_SECONDS)
            self._stopping_since = clock.monotonic()
        for child in self._living():
            os.kill(child.pid, signal.SIGTERM)

    def _kill_all(self) -> None:
        for child in self._living():
            logger.error("delivery.killed", role=child.role)
            self._end_group(child)

    @staticmethod
    def _end_group(child: Child) -> None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _live(child: Child) -> None:
    """The forked side: never returns into the parent's stack."""
    code = 1
    try:
        os.setpgid(0, 0)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        die_with_parent(signal.SIGTERM)
        entitle(child.role)
        code = child.run() or 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - the last frame of a process: say it and end
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
