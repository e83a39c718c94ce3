"""Eight real processes on one Redis: what one process cannot show."""

import multiprocessing
import os
import signal
import time

import pytest

from integration_hub.coordination import guard
from integration_hub.lib.errors import CircuitOpen, RateLimitExceeded
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

pytestmark = [
    pytest.mark.redis,
    pytest.mark.usefixtures("empty_redis"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
PROCESSES = 8
FORK = multiprocessing.get_context("fork")
OPTIONS = CircuitOptions(min_calls=1, cooldown_ms=10_000, half_open_calls=3)


def in_processes(work, *args):
    """Run `work(queue, *args)` in eight forks at once; what each put into the queue."""
    queue, gate = FORK.Queue(), FORK.Barrier(PROCESSES)

    def run():
        gate.wait()
        queue.put(work(*args))

    children = [FORK.Process(target=run) for _ in range(PROCESSES)]
    for child in children:
        child.start()
    found = [queue.get(timeout=60) for _ in children]
    for child in children:
        child.join()
        assert child.exitcode == 0
    return found


def probes(calls):
    """How many of `calls` went; none is ever settled, as if the process had died."""
    went = 0
    for _ in range(calls):
        try:
            ask()
        except CircuitOpen:
            continue
        went += 1
    assert not guard.degraded
    return went


def ask():
    return guard.admit(
        scope="shared:probe",
        circuit=OPTIONS,
        limits=LimitOptions(),
        slot_seconds=30,
        probe_seconds=20,
    )


def test_eight_processes_get_exactly_the_permitted_probes(fake_clock):
    guard.settle(ask(), outcome="failure", duration_ms=1)
    fake_clock.advance(10)
    assert sum(in_processes(probes, 25)) == OPTIONS.half_open_calls
    fake_clock.advance(19)
    assert sum(in_processes(probes, 25)) == 0
    fake_clock.advance(1)
    assert sum(in_processes(probes, 25)) == OPTIONS.half_open_calls


def test_the_probe_of_a_killed_process_is_given_back(fake_clock):
    guard.settle(ask(), outcome="failure", duration_ms=1)
    fake_clock.advance(10)

    def die():
        for _ in range(OPTIONS.half_open_calls):
            ask()
        os.kill(os.getpid(), signal.SIGKILL)

    child = FORK.Process(target=die)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert probes(5) == 0
    fake_clock.advance(20)
    assert probes(5) == OPTIONS.half_open_calls


RATE, BURST, SECONDS = 200, 20, 2.0


def tokens(until):
    """The store's own times of all calls that went."""
    went = []
    while time.time() < until:
        try:
            permit = guard.admit(
                scope="shared:rate",
                circuit=OPTIONS,
                limits=LimitOptions(requests=RATE, per_seconds=1, burst=BURST),
                slot_seconds=30,
                probe_seconds=30,
            )
        except RateLimitExceeded as error:
            time.sleep(error.retry_after)
        else:
            went.append(permit.at)
    assert not guard.degraded
    return went


def test_eight_processes_never_pass_rate_times_time_plus_burst():
    went = sorted(at for found in in_processes(tokens, time.time() + SECONDS) for at in found)
    for start, begun in enumerate(went):
        for end in range(start, len(went), 7):
            assert end - start + 1 <= RATE * (went[end] - begun) + BURST + 0.001
    assert len(went) >= 0.95 * RATE * (went[-1] - went[0])


def test_a_fork_does_not_use_its_parents_connection(fake_clock):
    for number in range(3):
        guard.settle(ask(), outcome="success", duration_ms=number)
    assert in_processes(probes, 5) == [5] * PROCESSES
    assert probes(5) == 5
