"""Names to addresses, within the deadline.

The system's resolver cannot be interrupted, so it runs on a daemon thread that is
left behind when time is up. Threads are bounded, and a name that hangs holds one
of them however many callers ask for it.
"""

from __future__ import annotations

import os
import socket
import threading

from integration_hub.egress.addresses import Address
from integration_hub.egress.call import Call
from integration_hub.egress.policy import as_address
from integration_hub.lib.errors import ConnectionFailed

MAX_THREADS = 16


def lookup(host: str) -> list[str]:
    """Every address of `host` in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Lookup:
    """One question in flight; whoever asks the same meanwhile waits for its answer."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.done = threading.Event()
        self.found: list[Address] = []

    def run(self) -> None:
        try:
            self.found = [as_address(text) for text in lookup(self.host)]
        except (OSError, ValueError):
            self.found = []  # says "not found": which failure it was is nobody's business
        finally:
            with _lock:
                _running.pop(self.host, None)
            _slots.release()
            self.done.set()


_lock = threading.Lock()
_slots = threading.Semaphore(MAX_THREADS)
_running: dict[str, _Lookup] = {}


def _forget() -> None:
    """A forked child has none of its parent's threads."""
    global _lock, _slots  # noqa: PLW0603 - per process by design
    _lock = threading.Lock()
    _slots = threading.Semaphore(MAX_THREADS)
    _running.clear()


os.register_at_fork(after_in_child=_forget)


def resolve(host: str, call: Call) -> list[Address]:
    """The addresses of `host`. Raises ConnectionFailed(sent=False), TimedOut, Cancelled."""
    question = _join(host, call)
    while not question.done.wait(call.slice()):
        pass
    if not question.found:
        raise ConnectionFailed(f"The name {host} was not found.", sent=False)
    return question.found


def _join(host: str, call: Call) -> _Lookup:
    while True:
        with _lock:
            if host in _running:
                return _running[host]
            if _slots.acquire(blocking=False):
                question = _running[host] = _Lookup(host)
                threading.Thread(target=question.run, name="resolve", daemon=True).start()
                return question
        if _slots.acquire(timeout=call.slice()):
            _slots.release()
