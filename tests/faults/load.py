"""Calls at a steady rate while something breaks, and what became of those that were accepted."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time

from tests.faults import checker, figures
from tests.faults.rig import Rig

PER_SECOND = 20


class Load:
    """A client that posts with a key of its own each time, and writes down what it was told."""

    def __init__(self, rig: Rig) -> None:
        self._rig, self._stop = rig, threading.Event()
        self.accepted: list[tuple[float, str]] = []
        self.refused: list[tuple[int, float]] = []
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(4)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        count = 0
        while not self._stop.wait(len(self._threads) / PER_SECOND):
            count += 1
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._post(f"load-{number}-{count}")

    def _post(self, key: str) -> None:
        began = time.monotonic()
        status, body = self._rig.execute("second_write", key=key)
        if status == 202:
            self.accepted.append((time.monotonic(), str(body["execution_id"])))
        else:
            assert (status, body["code"]) == (503, "SERVICE_UNAVAILABLE"), (status, body)
            self.refused.append((status, time.monotonic() - began))

    def has_accepted_since(self, moment: float) -> bool:
        return any(at > moment for at, _ in self.accepted)


def assert_nothing_lost(rig: Rig, load: Load, scenario: str) -> None:
    """Every accepted POST has ended, each sent once at most."""
    checker.settled(rig, 120)
    accepted = [key for _, key in load.accepted]
    found = checker.assert_whole(rig, accepted)
    assert set(found) <= {"completed", "outcome_unknown"}, found
    figures.write(f"{scenario}: accepted under load", len(accepted))
    figures.write(f"{scenario}: accepted and lost", found["lost"])
    figures.write(f"{scenario}: outcome_unknown", found["outcome_unknown"])
