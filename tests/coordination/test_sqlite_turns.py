"""Writers of one SQLite file take turns, across threads and processes, and after a death."""

import contextlib
import os
import signal
import threading
import time

import pytest
from django.db import connection, transaction

from integration_hub.coordination.engines.sqlite3 import turns
from integration_hub.coordination.models import Revision

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forks beside threads


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "some.sqlite3")


def test_a_second_thread_waits_until_the_first_is_done(path):
    turn, seen = turns.of(path), []
    assert turn.take(1)

    def write():
        assert turns.of(path).take(5)
        seen.append("second")
        turn.give()

    other = threading.Thread(target=write)
    other.start()
    assert not turn.take(0.05)
    seen.append("first")
    turn.give()
    other.join(5)
    assert seen == ["first", "second"]


def test_another_process_waits_too_and_a_killed_one_holds_nothing(path):
    ready, told = os.pipe()
    child = os.fork()
    if not child:  # holds its turn until it is killed
        turns.of(path).take(1)
        os.write(told, b"x")
        signal.pause()
    os.read(ready, 1)
    waited = not turns.of(path).take(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert waited
    assert turns.of(path).take(5)
    turns.of(path).give()


def test_a_fork_does_not_keep_the_turn_of_its_parent(path):
    turn = turns.of(path)
    assert turn.take(1)
    child = os.fork()
    if not child:
        signal.pause()
    turn.give()
    assert turns.of(path).take(1)
    turn.give()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_threads_that_follow_each_other_leave_turns_to_another_process(path):
    turns.of(path)
    ready, told = os.pipe()
    child = os.fork()
    if not child:  # one after the other, each told of
        while turns.of(path).take(5):
            turns.of(path).give()
            os.write(told, b"x")
    end = time.monotonic() + 0.5

    def write():
        while time.monotonic() < end:
            assert turns.of(path).take(5)
            time.sleep(0.0005)
            turns.of(path).give()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(told)
    assert len(os.read(ready, 65536)) > 3
    os.close(ready)


def test_a_thread_that_gave_up_waiting_leaves_nothing_locked(path):
    turn = turns.of(path)
    assert turn.take(1)
    waiter = threading.Thread(target=turn.take, args=(0.05,))
    waiter.start()
    waiter.join(5)
    turn.give()
    child = os.fork()
    if not child:
        os._exit(0 if turns.of(path).take(1) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="turns are SQLite's")
@pytest.mark.django_db(transaction=True)
def test_a_transaction_gives_its_turn_back_however_it_ends():
    def add(number):
        with transaction.atomic():
            row, _ = Revision.objects.get_or_create(name="turns", defaults={"number": 0})
            row.number += 1
            row.save()
            if number % 3 == 0:
                raise ZeroDivisionError

    def work():
        for number in range(9):
            with contextlib.suppress(ZeroDivisionError):
                add(number)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Revision.objects.get(name="turns").number == 4 * 6
