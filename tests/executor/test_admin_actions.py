"""Replaying, cancelling and exporting what was chosen in the admin's list."""

from __future__ import annotations

import pytest

from executor.api import waiting
from executor.choices import ExecutionStatus, Mode
from executor.models import Execution

LIST = "/admin/executor/execution/"


@pytest.fixture
def operator(client, alice):
    client.force_login(alice)
    return client


def act(client, action, *rows):
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(LIST, chosen, follow=True)


def test_chosen_executions_are_replayed_in_the_background(operator, call):
    call("ping")
    call("reset_post")
    told = act(operator, "replay_chosen", *Execution.objects.all()).content.decode()
    assert "1 replayed." in told
    assert "1 refused." in told
    row = Execution.objects.get(replay_of__isnull=False)
    assert (row.status, row.mode, row.method) == (ExecutionStatus.QUEUED, Mode.ASYNC, "ping")


def test_chosen_executions_are_cancelled(operator, accept, call):
    waiting = [accept("ping") for _ in range(2)]
    call("ping")
    told = act(operator, "cancel_chosen", *Execution.objects.all()).content.decode()
    assert "2 cancelled" in told
    assert {Execution.objects.get(pk=row.pk).status for row in waiting} == {"cancelled"}


def test_chosen_executions_are_exported_without_formulas(operator, call):
    call("ping", correlation_id="=1+1")
    answer = act(operator, "export_chosen", *Execution.objects.all())
    assert "'=1+1" in answer.getvalue().decode()


def test_an_export_takes_a_seat_and_is_refused_in_words_when_there_is_none(
    operator, call, monkeypatch
):
    monkeypatch.setattr(waiting, "_waiting", 0)  # other tests leave streams unread
    call("ping")
    seats = [waiting.Seat() for _ in range(waiting.seats())]
    told = act(operator, "export_chosen", *Execution.objects.all()).content.decode()
    assert "Too many streams are open" in told
    for seat in seats:
        seat.leave()
    answer = act(operator, "export_chosen", *Execution.objects.all())
    assert answer.getvalue()
    answer.close()
    assert waiting._waiting == 0


def test_who_may_not_look_can_do_nothing_either(client, charlie, call):
    call("ping")
    charlie.is_staff = True
    charlie.save()
    client.force_login(charlie)
    assert act(client, "replay_chosen", *Execution.objects.all()).status_code == 403
    assert Execution.objects.count() == 1
