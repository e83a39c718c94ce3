from __future__ import annotations

import socket

import pytest
from django.core.management import CommandError, call_command
from django_q.models import Schedule

from executor.delivery import schedule, tree, web

pytestmark = pytest.mark.django_db
NET = "hub: safety net"


def test_schedules_are_ensured_once_and_corrected():
    schedule.ensure()
    Schedule.objects.update(func="wrong")
    schedule.ensure()
    (row,) = Schedule.objects.filter(name=NET)
    assert (row.func, row.minutes, row.repeats) == ("executor.tasks.safety_net", 1, -1)


def test_doubled_schedules_are_removed_and_others_left():
    schedule.ensure()
    Schedule.objects.create(name=NET, func="x")
    Schedule.objects.create(name="somebody else's", func="y")
    schedule.ensure()
    assert Schedule.objects.filter(name=NET).count() == 1
    assert Schedule.objects.filter(name="somebody else's").count() == 1


def test_sqlite_refuses_several_worker_processes_with_the_reason(settings):
    settings.IS_SQLITE = True
    with pytest.raises(CommandError, match="--threads"):
        tree.check_workers(2)
    tree.check_workers(1)


def test_a_port_that_is_taken_is_refused_before_anything_starts():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            web.check_free("127.0.0.1", port)
        with pytest.raises(CommandError, match="another --port"):
            call_command("runhub", "--port", str(port))


@pytest.mark.parametrize("command", ["runhub", "runworker", "purge_executions", "doctor"])
def test_help_says_what_a_command_does_with_an_example(command, capsys):
    with pytest.raises(SystemExit):
        call_command(command, "--help")
    assert f"Example: manage.py {command}" in " ".join(capsys.readouterr().out.split())
