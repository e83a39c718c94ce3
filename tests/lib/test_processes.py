"""What the processes of this host take, from the kernel itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from integration_hub.lib import processes


@pytest.fixture
def worker(tmp_path):
    """A process that is titled as a worker, has a file of metrics and computes until it is told."""
    code = "import sys\nprint(sum(range(10**7)), flush=True)\nsys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = ["hub: worker", "-c", code]
    with subprocess.Popen(command, executable=sys.executable, **pipes) as process:
        (tmp_path / f"counter_{process.pid}.db").touch()
        process.stdout.readline()
        yield process
        process.stdin.close()


def test_each_role_is_told_with_what_it_takes(worker, tmp_path):
    found = processes.by_role(tmp_path)["worker"]
    assert found.count == 1
    assert found.memory_bytes > 1_000_000
    assert found.open_files >= 3
    assert found.cpu_seconds[worker.pid] > 0


def test_what_this_process_computed_is_counted(tmp_path):
    before, began = processes.by_role(tmp_path)[processes.OTHER], time.process_time()
    while time.process_time() - began < 0.1:
        sum(range(1000))
    after = processes.by_role(tmp_path)[processes.OTHER]
    used = after.cpu_seconds[os.getpid()] - before.cpu_seconds[os.getpid()]
    assert used == pytest.approx(time.process_time() - began, abs=0.05)


def test_one_that_has_ended_is_left_out(worker, tmp_path):
    worker.communicate()
    assert "worker" not in processes.by_role(tmp_path)
