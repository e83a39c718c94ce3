"""Expressions of methods, evaluated below a real worker: stopped at their limit, good again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import checker, figures
from tests.faults.database import own_database
from tests.faults.processes import descendants, is_gone, processes_of
from tests.faults.rig import Rig
from transformer.engine import engines

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

LONGEST_MS = 5_000
ENDLESS = "($f := function($x) { $f($x) }; n > 2 ? $f(1) : {'n': n * 2})"
SHAPED = {
    "slug": "shaped",
    "name": "Shaped",
    "version": "1.0.0",
    "type": "http",
    "auth": [{"id": "none", "type": "none"}],
    "circuit_breaker": {"min_calls": 1000, "window": 1000},
    "methods": {
        "send": {
            "http": {"method": "POST", "path": "/echo-of-sent"},
            "request_transform": {"expression": ENDLESS},
            "response_transform": {"expression": "{'twice': json.n, 'path': path}"},
        },
        "judge": {
            "http": {"method": "POST", "path": "/echo-of-judged"},
            "request_transform": {"rules": [{"source": "n", "target": "n"}]},
            "response_transform": {"expression": ENDLESS.replace("n > 2", "json.n > 2")},
        },
    },
}


@pytest.fixture(params=engines.names())
def rig(request, tmp_path: Path) -> Iterator[Rig]:
    """A hub whose one worker is that of a `runworker`, with each engine."""
    with own_database() as url:
        rig = Rig(tmp_path, url, HUB_EXPRESSION_ENGINE=request.param)
        try:
            rig.start(worker=False)
            host = rig.start_host("--workers", "1")
            rig.must("POST", "/definitions", SHAPED, 201)
            rig.must("POST", "/definitions/shaped@1.0.0/publish", {}, 200)
            rig.add_instance("shaped", "shaped@1.0.0")
            rig.worker = processes_of(host.pid, "worker")[0]
            yield rig
        finally:
            rig.stop()


def evaluating(root: int) -> list[int]:
    """The processes below `root` in which expressions are evaluated."""
    return [pid for pid in descendants(root) if b"expressions.worker" in _command(pid)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def send(rig: Rig, number: int, method: str = "send"):
    return rig.final(rig.accept(method, instance="shaped", parameters={"n": number}))


def good(rig: Rig, number: int) -> None:
    done = send(rig, number)
    assert done["status"] == "completed", done["error"]
    assert done["data"] == {"twice": number * 2, "path": "/echo-of-sent"}


def test_a_worker_evaluates_stops_what_does_not_end_and_goes_on(rig):
    good(rig, 1)
    [process] = evaluating(rig.worker)

    ended = send(rig, 3)
    assert (ended["status"], ended["error"]["code"]) == ("rejected", "TRANSFORM_ERROR")
    assert ended["error"]["errors"][0]["code"].startswith("LIMIT_")
    assert ended["duration_ms"] < LONGEST_MS
    assert len(rig.hits("/echo-of-sent")) == 1, "what could not be shaped was sent"
    good(rig, 2)

    answered = send(rig, 3, "judge")
    assert (answered["status"], answered["error"]["code"]) == ("failed", "TRANSFORM_ERROR")
    assert len(rig.hits("/echo-of-judged")) == 1
    good(rig, 1)

    stopped = evaluating(rig.worker)
    for pid in stopped:  # as one that never comes back from its engine
        os.kill(pid, signal.SIGSTOP)
    hung = send(rig, 1)
    assert hung["error"]["errors"][0]["code"] == "LIMIT_TIME"
    assert hung["duration_ms"] < LONGEST_MS
    figures.write("Expressions: ms of an endless one", ended["duration_ms"])
    figures.write("Expressions: ms of one whose process is stopped", hung["duration_ms"])
    assert any(map(is_gone, stopped))
    good(rig, 2)
    assert not is_gone(rig.worker), "the worker itself went on all the time"
    assert process in stopped or is_gone(process)
    checker.settled(rig, 30)
