"""What keeps one adapter's faults to the call that meets them.

An adapter that does not keep deadlines itself is called in a thread beside the one
that waits. A call that is late is given up: its caller is answered, and its thread
is told to end, which one that runs Python does at once and one that is blocked in C
when it comes back. Of those that do not come back a process keeps few: then the
adapter is refused there until one ends.
"""

from __future__ import annotations

import contextvars
import ctypes
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from integration_hub.egress.door import Deadline, HttpAnswer
from integration_hub.lib import log
from integration_hub.lib.errors import AdapterFailed, Cancelled
from registry.adapter import Adapter, AdapterAnswer, AdapterCall, Exchanged

T = TypeVar("T")

GRACE_SECONDS = 0.5
"""For a call to end by itself, with an error that says more."""

LOOK_SECONDS = 0.25
MOST_LOST = 8

_logger = log.get(__name__)
_lost: dict[str, set[threading.Thread]] = {}
_lock = threading.Lock()


class _GivenUp(BaseException):
    """Raised in the thread of a call that nobody waits for any more."""


def called(adapter: Adapter, call: AdapterCall) -> AdapterAnswer:
    """The adapter's answer, of the right shape, by the deadline.

    Raises AdapterFailed for one that is late or no answer, and whatever the adapter raises.
    """
    if adapter.keeps_deadline:
        answer = adapter.call(call)
    else:
        answer = bounded(adapter.type, lambda: adapter.call(call), call.deadline)
    if wrong := _fault_of(answer):
        raise AdapterFailed(f"The adapter {adapter.type} gave no answer that can be used: {wrong}.")
    return answer


def bounded(name: str, work: Callable[[], T], deadline: Deadline) -> T:
    """What `work` gives, within the deadline. Raises AdapterFailed, Cancelled, what it raises."""
    _require_room(name)
    made = _Work(work)
    thread = threading.Thread(
        target=contextvars.copy_context().run,
        args=(made.run,),
        name=f"hub: adapter {name}",
        daemon=True,
    )
    thread.start()
    while not made.done.wait(min(LOOK_SECONDS, deadline.remaining() + GRACE_SECONDS)):
        if deadline.cancelled and made.done.wait(GRACE_SECONDS):
            break
        if deadline.cancelled or deadline.remaining() <= 0:
            if made.done.wait(GRACE_SECONDS):
                break
            _give_up(name, thread)
            if deadline.cancelled:
                raise Cancelled("The execution was cancelled while it ran.", sent=True)
            raise AdapterFailed(
                f"The adapter {name} did not end by its deadline and was given up; whether the "
                "call took effect is not known."
            )
    return made.result()


class _Work(Generic[T]):
    """One piece of work and how it ended."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.work, self.done = work, threading.Event()
        self.values: list[T] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.values.append(self.work())
        except _GivenUp:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self.error = error
        finally:
            self.done.set()

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return self.values[0]


def _require_room(name: str) -> None:
    with _lock:
        alive = {thread for thread in _lost.get(name, ()) if thread.is_alive()}
        _lost[name] = alive
        count = len(alive)
    if count >= MOST_LOST:
        raise AdapterFailed(
            f"The adapter {name} is not called: {count} calls of it hang in this process. "
            f"Switch it off (POST /adapters/{name}/disable) or restart the hub."
        )


def _give_up(name: str, thread: threading.Thread) -> None:
    with _lock:
        _lost.setdefault(name, set()).add(thread)
    _logger.error("adapter_given_up", adapter=name)
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_GivenUp)
        )


def _fault_of(answer: Any) -> str:
    if not isinstance(answer, AdapterAnswer):
        return f"it is a {type(answer).__name__}"
    return _member_fault(answer)


def _member_fault(answer: Any) -> str:
    status = answer.status
    if status is not None and not (type(status) is int and 100 <= status <= 599):
        return "its status is neither None nor one of HTTP"
    if not isinstance(answer.content, bytes):
        return "its content is not bytes"
    if not isinstance(answer.content_type, str) or not isinstance(answer.said, str):
        return "its content type is no text"
    if answer.exchange is not None and not isinstance(answer.exchange, HttpAnswer | Exchanged):
        return "its exchange is none"
    try:
        texts = all(type(n) is str and type(v) is str for n, v in answer.headers.items())
    except (AttributeError, TypeError, ValueError):
        texts = False
    return "" if texts else "its headers are not texts by name"
