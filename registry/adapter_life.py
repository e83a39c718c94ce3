"""Adapters that are started in this process: their `initialize` and `close`."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from multiprocessing.util import Finalize

from integration_hub.egress.door import Deadline
from integration_hub.lib import clock, log
from integration_hub.lib.errors import HubError, InstanceNotReady
from registry.adapter import Adapter, adapters
from registry.adapter_isolation import bounded

START_SECONDS = 10.0
AGAIN_SECONDS = 60.0

_logger = log.get(__name__)


@dataclass(slots=True)
class _Started:
    """What this process knows; a fork begins anew."""

    running: dict[str, Adapter] = field(default_factory=dict)
    failed: dict[str, tuple[str, float]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    closes_at_exit: bool = False


_here = _Started()


def started(name: str) -> Adapter:
    """The adapter, initialised in this process. Raises InstanceNotReady with what went wrong."""
    adapter = _here.running.get(name)
    return adapter if adapter is adapters.get(name) else _start(name)


def is_started(name: str) -> bool:
    """Whether it may be called without more ado: one without `initialize` always may."""
    return name in _here.running or _needs_nothing(adapters.get(name))


def failure(name: str) -> str:
    """Why it could not be initialised here, while that is not to be tried again."""
    reason, until = _here.failed.get(name, ("", 0.0))
    return reason if clock.monotonic() < until else ""


def forget_failure(name: str) -> None:
    _here.failed.pop(name, None)


def close(name: str) -> None:
    """Close it here if it was started here; what goes wrong is logged."""
    with _here.lock:
        adapter = _here.running.pop(name, None)
    if adapter is None:
        return
    try:
        bounded(name, adapter.close, Deadline(START_SECONDS))
    except (Exception, SystemExit):
        _logger.exception("adapter_failed", adapter=name, at="close")


def close_all() -> None:
    for name in list(_here.running):
        close(name)


def _start(name: str) -> Adapter:
    with _here.lock:
        adapter = adapters.get(name)
        if _here.running.get(name) is adapter:
            return adapter
        reason = failure(name) or _initialized(adapter)
        if reason:
            raise InstanceNotReady(f"The adapter {name!r} is disabled: {reason}.")
        _here.running[name] = adapter
        if not _here.closes_at_exit:
            _here.closes_at_exit = True
            Finalize(None, close_all, exitpriority=10)
        return adapter


def _initialized(adapter: Adapter) -> str:
    """Why it could not be; empty when it was."""
    if _needs_nothing(adapter):
        return ""
    try:
        bounded(adapter.type, adapter.initialize, Deadline(START_SECONDS))
    except ModuleNotFoundError as error:
        reason = (
            f"the package {error.name} is not installed: "
            f"pip install 'integration-hub[{adapter.type}]'"
        )
    except HubError as error:
        reason = f"it could not be started: {error.detail}"
    except (Exception, SystemExit) as error:
        _logger.exception("adapter_failed", adapter=adapter.type, at="initialize")
        reason = f"it could not be started: {type(error).__name__}"
    else:
        return ""
    _here.failed[adapter.type] = (reason, clock.monotonic() + AGAIN_SECONDS)
    return reason


def _needs_nothing(adapter: Adapter) -> bool:
    return type(adapter).initialize is Adapter.initialize


def _begin_anew() -> None:
    global _here  # noqa: PLW0603 - a fork shares no pool with its parent
    _here = _Started()


os.register_at_fork(after_in_child=_begin_anew)
