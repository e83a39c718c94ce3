"""A worker that is out of memory ends, whoever notices; a web process answers and goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from executor import tasks
from executor.adapters.http import HttpAdapter
from executor.choices import ExecutionStatus
from executor.delivery import drain as drain_module
from executor.delivery.drain import Drain
from executor.delivery.node import QUEUES
from executor.models import Execution

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]


class Ended(BaseException):
    """Stands for the end of the process, which a test must outlive."""


def out_of_memory(*_: object, **__: object) -> None:
    raise MemoryError


def test_a_call_that_runs_out_of_memory_ends_its_worker_and_stays_claimed(queued, monkeypatch):
    row, ends = queued("ok"), []
    monkeypatch.setattr(HttpAdapter, "call", out_of_memory)
    monkeypatch.setattr(drain_module, "die_of_memory", lambda: ends.append(row.pk))
    Drain(queues=QUEUES, threads=1, seconds=420.0).run()
    assert ends == [row.pk]
    assert Execution.objects.get(pk=row.pk).status == ExecutionStatus.EXECUTING


def test_a_drain_that_runs_out_of_memory_ends_its_worker(monkeypatch):
    def end() -> None:
        raise Ended

    monkeypatch.setattr(Drain, "run", out_of_memory)
    monkeypatch.setattr(tasks, "die_of_memory", end)
    with pytest.raises(Ended):
        tasks.drain("interactive")


def test_a_sync_call_that_runs_out_of_memory_is_answered(api, instance, monkeypatch):
    monkeypatch.setattr(HttpAdapter, "call", out_of_memory)
    path = "/api/v1/instances/target/methods/ok/execute"
    answer = api("execute").post(path, {"parameters": {}}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert Execution.objects.get().status == ExecutionStatus.FAILED


def test_dying_of_memory_says_so_and_runs_nothing_more():
    script = (
        "from executor.delivery.processes import die_of_memory\n"
        "try: die_of_memory()\nfinally: print('more')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (70, b"")
    assert b"delivery.out_of_memory" in done.stderr
