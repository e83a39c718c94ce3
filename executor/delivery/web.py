"""The web process: gunicorn with threads, every worker on its own listening socket.

With SO_REUSEPORT the kernel spreads connections over the workers; on one shared
socket kept-alive connections may all land on one of them.
"""

from __future__ import annotations

import gc
import signal
import socket
from contextlib import suppress
from typing import Any

import gunicorn.util
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection
from gunicorn.app.base import BaseApplication
from prometheus_client import multiprocess

from executor.api import waiting
from executor.delivery.constants import GRACE_SECONDS
from executor.delivery.processes import die_with_parent, entitle
from integration_hub.coordination import behind, dbtime

KEEP_ALIVE_SECONDS = 65


class HubServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, configured here alone: neither the command line nor a file is read."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        behind.allow()
        application = get_wsgi_application()
        _set_clock_right()
        gc.collect()
        gc.freeze()  # before the fork: the collector then touches none of the shared pages
        return application


def _set_clock_right() -> None:
    """Before the first request; a database that is away now is asked with the first call."""
    with suppress(DatabaseError):
        dbtime.now()
    connection.close()  # a child must not share it


def serve(*, host: str, port: int, workers: int, threads: int) -> None:
    """Serve until SIGTERM; running requests get the grace to finish."""
    gunicorn.util._setproctitle = lambda _title: entitle("web")
    literal = f"[{host}]" if ":" in host else host
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # files come from the apps, without it
    HubServer(
        {
            "bind": f"{literal}:{port}",
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "reuse_port": True,
            "preload_app": True,
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": int(GRACE_SECONDS),
            "timeout": 120,
            "max_requests": 0,
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "errorlog": "-",
            "loglevel": "warning",
            "post_fork": _post_fork,
            "worker_exit": _worker_exit,
            "child_exit": _child_exit,
        }
    ).run()


def check_free(host: str, port: int) -> None:
    """Raise OSError when something listens there: SO_REUSEPORT alone would join it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _post_fork(_arbiter: Any, worker: Any) -> None:
    waiting.ends_when(lambda: not worker.alive)
    # When the master is killed, its workers still answer what they have begun.
    die_with_parent(signal.SIGTERM)


def _worker_exit(_arbiter: Any, _worker: Any) -> None:
    behind.close()


def _child_exit(_arbiter: Any, worker: Any) -> None:
    if settings.HUB_METRICS_DIR.is_dir():
        multiprocess.mark_process_dead(  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
            worker.pid, str(settings.HUB_METRICS_DIR)
        )
