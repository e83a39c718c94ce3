"""A whole hub as its operator runs it, beside a counting upstream, so that parts can be killed.

The rig has a PostgreSQL database of its own (tests/faults/database.py) and only ever
signals processes below the one that it started.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from executor.delivery.processes import die_with_parent
from tests.faults.processes import (
    descendants,
    is_gone,
    kill,
    processes_of,
    reads_a_pipe,
)
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
FINAL = {"completed", "failed", "rejected", "cancelled", "outcome_unknown"}

DEFINITION: dict[str, Any] = {
    "slug": "target",
    "name": "Target",
    "version": "1.0.0",
    "type": "http",
    "auth": [{"id": "none", "type": "none"}],
    "circuit_breaker": {"min_calls": 1000, "window": 1000},
    "health_check": {"method": "read", "interval_seconds": 10},
    "methods": {
        "read": {"http": {"method": "GET", "path": "/ok"}},
        "write": {"http": {"method": "POST", "path": "/write"}},
        "second_read": {"http": {"method": "GET", "path": "/delay/1"}},
        "second_write": {"http": {"method": "POST", "path": "/delay/1.0"}},
        "busy_write": {"http": {"method": "POST", "path": "/delay/0.3"}},
        "slow_read": {"http": {"method": "GET", "path": "/delay/4"}},
        "slow_write": {"http": {"method": "POST", "path": "/delay/4.0"}},
        "reset_write": {"http": {"method": "POST", "path": "/reset"}},
    },
}


def wait_for(
    what: str, probe: Callable[[], Any], *, seconds: float = 60.0, every: float = 0.2
) -> Any:
    """The first true answer of `probe`; fails by name when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := probe():
            return found
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds} s")


class Rig:
    """One hub with `workers` worker processes and its upstream."""

    def __init__(
        self, folder: Path, database_url: str, *, workers: int = 2, **environment: str
    ) -> None:
        self.folder, self.port = folder, free_port()
        self.hits_file = folder / "hits.jsonl"
        self.log = folder / "hub.log"
        self._upstream_port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.env = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DATABASE_URL": database_url,
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FERNET_KEYS": secrets.token_urlsafe(48),
            "HUB_ENV_FILE": os.devnull,
            "HUB_VAR_DIR": str(folder / "var"),
            "HUB_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
            "HUB_WORKERS": str(workers),
            "HUB_LOG_FORMAT": "json",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.token = ""

    # --- life ---------------------------------------------------------------
    def start(self, *, worker: bool = True) -> Rig:
        self.start_upstream()
        self.start_hub(worker=worker)
        arguments = ["create_token", "rig", "--scope", "manage", "--scope", "execute"]
        self.token = self.manage(*arguments).strip()
        self.must("POST", "/definitions", DEFINITION, 201)
        self.must("POST", "/definitions/target@1.0.0/publish", {}, 200)
        self.add_instance("target")
        return self

    def add_instance(self, slug: str, definition: str = "target@1.0.0") -> None:
        config = {"base_url": f"http://127.0.0.1:{self._upstream_port}"}
        body = {"definition": definition, "slug": slug, "name": slug, "config": config}
        self.must("POST", "/instances", body, 201)

    def start_upstream(self) -> None:
        self._spawn(
            "-m",
            "tests.upstream",
            "--port",
            str(self._upstream_port),
            "--hits",
            str(self.hits_file),
        )
        wait_for("the upstream's file", self.hits_file.exists)

    def start_hub(self, *, worker: bool = True) -> None:
        extra = () if worker else ("--no-worker",)
        self.hub = self._spawn("manage.py", "runhub", "--port", str(self.port), *extra)
        ready = self.is_ready if worker else self.is_live
        wait_for("readiness", ready, seconds=START_SECONDS)

    def start_host(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """A worker host of its own, once its workers are there."""
        host = self._spawn("manage.py", "runworker", *options, **environment)
        wait_for("its workers", lambda: processes_of(host.pid, "worker"), seconds=START_SECONDS)
        return host

    def kill_hub(self) -> None:
        """Every process of the hub at once; the kernel ends those below the supervisor."""
        below = descendants(self.hub.pid)
        for pid in (self.hub.pid, *below):
            kill(pid)
        self.hub.wait()
        wait_for("the end of every process", lambda: all(map(is_gone, below)))

    def stop(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(45)
                continue
            process.kill()
            process.wait()

    def _spawn(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.env | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - this process starts no thread
            )
        self._processes.append(process)
        return process

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # --- REST ---------------------------------------------------------------
    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30.0,
    ) -> tuple[int, Any]:
        """Status and parsed body. A connection that fails raises OSError or HTTPException."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            text = None if body is None else json.dumps(body)
            link.request(method, path, text, sent)
            answer = link.getresponse()
            content = answer.read()
        finally:
            link.close()
        try:
            return answer.status, json.loads(content)
        except ValueError:
            return answer.status, content

    def must(self, method: str, path: str, body: Any, status: int) -> Any:
        got, answer = self.call(method, f"/api/v1{path}", body)
        assert got == status, (method, path, got, answer)
        return answer

    def is_ready(self) -> bool:
        return self._answers("readiness")

    def is_live(self) -> bool:
        return self._answers("liveness")

    def _answers(self, probe: str) -> bool:
        assert self.hub.poll() is None, self.log.read_text()[-4000:]
        try:
            return self.call("GET", f"/health/{probe}", timeout=5)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def execute(
        self,
        method: str,
        *,
        mode: str = "async",
        key: str = "",
        instance: str = "target",
        **body: Any,
    ) -> Any:
        """Status and body of an execute call."""
        headers = {"Idempotency-Key": key} if key else {}
        path = f"/api/v1/instances/{instance}/methods/{method}/execute"
        return self.call("POST", path, {"parameters": {}, "mode": mode, **body}, headers)

    def accept(self, method: str, **body: Any) -> str:
        """The id of an accepted async call."""
        status, body = self.execute(method, **body)
        assert status == 202, (status, body)
        return str(body["execution_id"])

    def execution(self, key: str) -> dict[str, Any]:
        return dict(self.must("GET", f"/executions/{key}", None, 200))

    def final(self, key: str, seconds: float = 60.0) -> dict[str, Any]:
        def probe() -> dict[str, Any] | None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                found = self.execution(key)
                return found if found["status"] in FINAL else None
            return None

        return dict(wait_for(f"the end of {key}", probe, seconds=seconds))

    # --- the truth ------------------------------------------------------------
    def hits(self, path: str = "") -> list[dict[str, Any]]:
        lines = self.hits_file.read_bytes().splitlines()
        found = [json.loads(line) for line in lines]
        return [hit for hit in found if not path or hit["path"] == path]

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        url = self.env["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
        with psycopg.connect(url, autocommit=True) as link:
            cursor = link.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    # --- processes ------------------------------------------------------------
    def pids(self, role: str) -> list[int]:
        """Processes below the hub that are titled `hub: role`, oldest first."""
        return processes_of(self.hub.pid, role)

    def idle_next_in_line(self) -> int:
        """The worker that waits on the queue's pipe; the others wait for its lock."""

        def reading() -> int | None:
            return next((pid for pid in self.pids("worker") if reads_a_pipe(pid)), None)

        return int(wait_for("a worker that waits on the pipe", reading))
