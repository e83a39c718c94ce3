"""A real tree of small processes, started in a subprocess so that nothing here is forked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import os, sys, time
from pathlib import Path
import django
django.setup()
from executor.delivery.supervisor import Child, Supervisor
out = Path(sys.argv[1])

def note(name):
    with out.open("a") as file:
        file.write(f"{name} {os.getpid()}\\n")

def sleeper():
    note("sleeper")
    time.sleep(60)

def reporter():
    note("reporter")
    time.sleep(0.5)
    return 64

children = [Child("sleeper", sleeper)]
if len(sys.argv) > 2:
    children.append(Child("reporter", reporter, restarts={64: "sleeper"}))
Supervisor(children).run()
print("clean", flush=True)
"""


class Tree:
    def __init__(self, out: Path, *arguments: str) -> None:
        self.out = out
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(out), *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def pids(self, name: str, count: int) -> list[int]:
        """The pids noted under `name`, once there are `count`."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            lines = self.out.read_text().splitlines() if self.out.exists() else []
            found = [int(line.split()[1]) for line in lines if line.startswith(name)]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{count} × {name} not seen")


def gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or ") Z " in state.read_text():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def tree(tmp_path):
    started: list[Tree] = []

    def make(*arguments: str) -> Tree:
        started.append(Tree(tmp_path / "out", *arguments))
        return started[-1]

    yield make
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_a_dead_child_is_started_again(tree):
    running = tree()
    (first,) = running.pids("sleeper", 1)
    os.kill(first, signal.SIGKILL)
    assert running.pids("sleeper", 2)[1] != first


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_stops_all_cleanly(tree, number):
    running = tree()
    (child,) = running.pids("sleeper", 1)
    running.process.send_signal(number)
    output, _ = running.process.communicate(timeout=20)
    assert (running.process.returncode, output) == (0, b"clean\n")
    assert gone(child)


def test_orphans_die(tree):
    running = tree()
    (child,) = running.pids("sleeper", 1)
    running.process.kill()
    assert gone(child)


def test_an_exit_code_has_another_child_restarted(tree):
    running = tree("with-reporter")
    first, second = running.pids("sleeper", 2)[:2]
    assert first != second
    assert gone(first)
