"""Eight real processes against one limit and one half-open circuit, on Redis and on PostgreSQL.

The short version runs with the suite, the long one (20 s, promise 24) with
`HUB_FAULTS=full make faults`.
"""

import multiprocessing
import os
import signal
import time

import pytest
from django.db import connection, connections

from integration_hub.coordination import guard
from integration_hub.lib.errors import CircuitOpen, RateLimitExceeded
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions
from tests.faults import figures

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.django_db(transaction=True),
]
PROCESSES, RATE, BURST = 8, 50, 10
FORK = multiprocessing.get_context("fork")
CIRCUIT = CircuitOptions(min_calls=1, cooldown_ms=500, half_open_calls=3)
PROBE_SECONDS = 2.0


@pytest.fixture
def shared(request, settings):
    """Several processes share a Redis or a PostgreSQL; a SQLite file has one."""
    if request.param == "redis":
        if not settings.REDIS_URL:
            pytest.skip("this run is not on redis")
        request.getfixturevalue("empty_redis")
    else:
        if connection.vendor != "postgresql":
            pytest.skip("this run is not on postgresql")
        settings.REDIS_URL = ""


ON_EACH = pytest.mark.parametrize("shared", ["redis", "postgresql"], indirect=True)


def in_processes(work, *args):
    """What `work` returned in each of eight forks; None of one that was killed."""
    connections.close_all()
    pipes = []
    for number in range(PROCESSES):
        ours, theirs = FORK.Pipe(duplex=False)
        child = FORK.Process(target=_run, args=(theirs, work, number, args))
        child.start()
        theirs.close()
        pipes.append((ours, child))
    found = []
    for ours, child in pipes:
        try:
            found.append(ours.recv())
        except EOFError:
            found.append(None)
        child.join()
    return found


def _run(pipe, work, number, args):
    connections.close_all()
    pipe.send(work(number, *args))
    pipe.close()
    connections.close_all()
    os._exit(0)


def ask(**more):
    return guard.admit(
        scope="load:m",
        circuit=CIRCUIT,
        limits=more.pop("limits", LimitOptions()),
        slot_seconds=30,
        probe_seconds=PROBE_SECONDS,
        **more,
    )


def tokens(_, until):
    """The store's own times of all calls that went; a refused one comes at the moment given."""
    limits, went = LimitOptions(requests=RATE, per_seconds=1, burst=BURST), []
    while time.time() < until:
        try:
            went.append(ask(limits=limits, patience=10.0).at)
        except RateLimitExceeded as error:
            time.sleep(error.retry_after)
    assert not guard.degraded
    return went


def never_more(seconds):
    found = in_processes(tokens, time.time() + seconds)
    went = sorted(at for times in found for at in times)
    worst = 0.0
    for start, begun in enumerate(went):
        for end in range(start, len(went)):
            worst = max(worst, end - start + 1 - RATE * (went[end] - begun))
    used = len(went) / (RATE * (went[-1] - went[0]) + BURST)
    print(f"calls {len(went)}, over rate x t at most {worst:.3f} (burst {BURST}), use {used:.1%}")
    assert worst <= BURST + 0.01
    assert used >= 0.95


@ON_EACH
def test_eight_processes_keep_to_one_rate_and_use_it(shared):
    never_more(5)


@ON_EACH
@pytest.mark.faults
@figures.full_only
def test_eight_processes_keep_to_one_rate_and_use_it_for_twenty_seconds(shared):
    never_more(20)


def probing(number, until):
    """The spans of this process's probes; the first two that get one are killed with it."""
    spans = []
    while time.time() < until:
        try:
            permit = ask()
        except CircuitOpen:
            time.sleep(0.02)
            continue
        if not permit.probe:
            break  # closed again
        if number < 2:
            os.kill(os.getpid(), signal.SIGKILL)
        begun = permit.at
        time.sleep(0.1)
        spans.append((begun, permit.now()))
        guard.settle(permit, outcome="ignored", duration_ms=100)
    return spans


@ON_EACH
def test_never_more_probes_fly_than_permitted_and_those_of_the_killed_come_back(shared):
    guard.settle(ask(), outcome="failure", duration_ms=1)
    time.sleep(0.6)
    found = in_processes(probing, time.time() + 4 * PROBE_SECONDS)
    spans = [span for spans in found if spans for span in spans]
    assert found.count(None) == 2
    edges = sorted([(begun, 1) for begun, _ in spans] + [(end, -1) for _, end in spans])
    flying = most = 0
    for _, step in edges:
        flying += step
        most = max(most, flying)
    print(f"{len(spans)} probes, at most {most} at once, 2 processes killed")
    assert most == CIRCUIT.half_open_calls
    first = min(begun for begun, _ in spans)
    late = [span for span in spans if span[0] > first + 1.5 * PROBE_SECONDS]
    assert len(late) > CIRCUIT.half_open_calls  # the permits of the killed are in use again
