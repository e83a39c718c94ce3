"""With real threads, so these tests commit."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections

from executor import tasks
from executor.choices import ExecutionStatus
from executor.delivery.drain import Drain
from executor.delivery.node import QUEUES
from executor.delivery.stopping import stop
from executor.models import Execution

pytestmark = pytest.mark.django_db(transaction=True)


def drain(threads: int = 4, **options) -> Drain:
    return Drain(queues=QUEUES, threads=threads, seconds=420.0, **options)


def run_and_close() -> None:
    drain(threads=2).run()
    connections.close_all()


def close() -> None:
    connections.close_all()


def wait_until(probe) -> None:
    end = time.monotonic() + 20
    while not probe():
        assert time.monotonic() < end
        time.sleep(0.05)


def statuses() -> set[str]:
    return set(Execution.objects.values_list("status", flat=True))


def test_a_drain_runs_everything_that_is_due(queued, upstream):
    for _ in range(12):
        queued("ok")
    assert drain().run() == 12
    assert statuses() == {ExecutionStatus.COMPLETED}
    assert len(upstream.hits) == 12


def test_a_duplicate_hint_finds_nothing_to_do(queued, upstream):
    queued("ok")
    tasks.drain("interactive")
    tasks.drain("interactive")
    assert len(upstream.hits) == 1


def test_drains_side_by_side_double_nothing(queued, upstream):
    for _ in range(20):
        queued("ok")
    runs = [threading.Thread(target=run_and_close) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert statuses() == {ExecutionStatus.COMPLETED}
    assert len(upstream.hits) == 20


def test_calls_run_side_by_side(queued):
    for _ in range(3):
        queued("slow")
    began = time.monotonic()
    drain(threads=3).run()
    assert time.monotonic() - began < 8  # each takes 3 seconds


def test_suspects_run_too_each_by_itself(queued, upstream):
    for _ in range(2):
        queued("ok", suspect=True)
    queued("ok")
    assert drain().run() == 3
    assert statuses() == {ExecutionStatus.COMPLETED}


def test_a_stopping_worker_claims_nothing(queued):
    queued("ok")
    stop.requested = True
    assert drain().run() == 0
    assert statuses() == {ExecutionStatus.QUEUED}


def test_a_failed_call_is_settled_and_the_next_runs(queued):
    queued("down")
    queued("ok")
    drain(threads=1).run()
    assert statuses() == {ExecutionStatus.COMPLETED, ExecutionStatus.FAILED}


def test_calls_do_not_wait_for_a_side_that_hangs(queued, upstream):
    begun, over = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        over.wait(30)

    work, done = drain(sides=[hang]), []
    worker = threading.Thread(target=lambda: (done.append(work.run(first=hang)), close()))
    worker.start()
    assert begun.wait(10)
    queued("ok")
    wait_until(lambda: statuses() == {ExecutionStatus.COMPLETED})
    assert worker.is_alive()
    over.set()
    worker.join(10)
    assert done == [1]
    assert len(upstream.hits) == 1


def test_a_side_that_falls_due_beside_one_that_hangs_is_begun(queued):
    over, ran = threading.Event(), threading.Event()
    work = drain(sides=[ran.set])
    worker = threading.Thread(target=lambda: (work.run(first=lambda: over.wait(30)), close()))
    worker.start()
    assert ran.wait(10)
    over.set()
    worker.join(10)
    assert not worker.is_alive()


def test_a_turn_for_a_side_alone_ends_with_it():
    ran = []
    assert drain().run(first=lambda: ran.append(1)) == 0
    assert ran == [1]


def test_a_side_that_breaks_ends_its_turn_too():
    def breaks() -> None:
        raise ValueError("a side broke")

    assert drain(sides=[breaks]).run(first=breaks) == 0
