"""The processes that expressions run in: nothing in their hands, killed when they hang."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from integration_hub.lib.errors import ServiceUnavailable, TransformFailed
from transformer.checks import check_engine
from transformer.expressions import pool as pools
from transformer.expressions.pool import Pool, pool_of
from transformer.services import compile_spec

JOB = {"op": "run", "text": "$ + 1", "limits": {"seconds": 0.5}}


@pytest.fixture
def pool():
    made = Pool("jlens", 1)
    yield made
    made.close()


def ask(pool, **members):
    return pool.ask({**JOB, **members}, b"1", 0.5)


def proc(pid, name):
    return Path(f"/proc/{pid}/{name}")


def test_a_process_holds_no_environment_no_files_and_little_memory(pool):
    assert ask(pool)[1] == b"2"
    [pid] = pool.pids()
    assert proc(pid, "environ").read_bytes() in (b"LC_ALL=C.UTF-8\0", b"")
    limits = proc(pid, "limits").read_text()
    rows = {line[:25].strip(): line[25:].split()[0] for line in limits.splitlines()}
    assert rows["Max open files"] == rows["Max file size"] == rows["Max core file size"] == "0"
    assert rows["Max address space"] != "unlimited"
    held = sorted(os.readlink(link).partition(":")[0] for link in proc(pid, "fd").iterdir())
    assert held == ["/dev/null"] * 3 + [f"/proc/{pid}/statm", "socket"]


def test_one_that_hangs_is_killed_and_the_next_call_works():
    transform = compile_spec({"expression": "a + 1"}, response=False)
    assert transform.run({"a": 1}) == 2
    pool = pool_of("jlens")
    stopped = pool.pids()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    for _ in stopped:
        began = time.monotonic()
        with pytest.raises(TransformFailed) as caught:
            transform.run({"a": 1})
        assert caught.value.errors[0].code == "LIMIT_TIME"
        assert time.monotonic() - began < 1.5
    assert not any(proc(pid, "").exists() for pid in stopped)
    assert transform.run({"a": 2}) == 3


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGKILL, "LIMIT_SIZE"),
        (signal.SIGSEGV, "LIMIT_DEPTH"),
        (signal.SIGALRM, "LIMIT_TIME"),
    ],
)
def test_one_that_dies_at_work_is_an_error_of_the_expression(pool, number, code):
    ask(pool)
    [pid] = pool.pids()
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.1, lambda: (os.kill(pid, number), os.kill(pid, signal.SIGCONT))).start()
    with pytest.raises(pools.ExpressionFailed) as caught:
        ask(pool)
    assert caught.value.code == code
    assert ask(pool)[1] == b"2"


def test_a_process_is_replaced_after_its_share_of_jobs(pool, monkeypatch):
    monkeypatch.setattr(pools, "MAX_JOBS", 3)
    seen = []
    for _ in range(6):
        ask(pool)
        seen += pool.pids()
    assert len(set(seen)) == 2


def test_waiters_are_bounded_and_served_in_the_end(pool, monkeypatch):
    monkeypatch.setattr(pools, "MAX_WAITING", 2)
    ask(pool)
    [pid] = pool.pids()
    os.kill(pid, signal.SIGSTOP)
    results: list[object] = []

    def call():
        try:
            results.append(ask(pool)[1])
        except (ServiceUnavailable, pools.ExpressionFailed) as error:
            results.append(type(error))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 5
    while results.count(ServiceUnavailable) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join(10)
    assert results.count(ServiceUnavailable) == 3
    assert results.count(b"2") == 3


def test_many_threads_get_their_own_answers():
    transform = compile_spec({"expression": "a * 2"}, response=False)
    wrong: list[int] = []

    def calls(start):
        wrong.extend(n for n in range(start, start + 100) if transform.run({"a": n}) != n * 2)

    threads = [threading.Thread(target=calls, args=(k * 1000,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_forked_child_starts_processes_of_its_own():
    transform = compile_spec({"expression": "a + 1"}, response=False)
    transform.run({"a": 1})
    before = pool_of("jlens").pids()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        value = transform.run({"a": 41})
        shared = set(pool_of("jlens").pids()) & set(before)
        os.write(writing, f"{value} {len(shared)}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "42 0"
    os.waitpid(child, 0)
    assert transform.run({"a": 2}) == 3
    assert pool_of("jlens").pids() == before


def test_a_process_ends_with_the_hub():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        own = Pool("jlens", 1)
        ask(own)
        os.write(writing, str(own.pids()[0]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        pid = int(told.read())
    os.waitpid(child, 0)
    deadline = time.monotonic() + 5
    while proc(pid, "").exists() and time.monotonic() < deadline:
        state = proc(pid, "stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            break
        time.sleep(0.02)
    else:
        assert not proc(pid, "").exists()


def test_an_engine_that_is_not_there_is_said_to_be_missing(settings):
    settings.HUB_EXPRESSION_ENGINE = "perl"
    with pytest.raises(ServiceUnavailable, match="perl"):
        compile_spec({"expression": "a + 7"}, response=False)


def test_the_checks_say_so_before_that(settings):
    assert check_engine() == []
    settings.HUB_EXPRESSION_ENGINE = "perl"
    assert [message.id for message in check_engine()] == ["hub.E025"]
