from __future__ import annotations

import pytest
from django.db import OperationalError, transaction
from django_q.models import OrmQ

from executor.delivery import nudge

pytestmark = pytest.mark.django_db


def test_nudging_enqueues_one_hint_after_the_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        nudge.nudge("interactive")
        assert OrmQ.objects.count() == 0
    assert OrmQ.objects.get().key == "hub:interactive"


def test_a_burst_shares_one_hint(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(20):
            nudge.nudge("batch")
    assert OrmQ.objects.count() == 1


def test_a_hint_holds_the_queue_and_nothing_else():
    nudge.hint(nudge.DRAIN, "interactive")
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"], task["kwargs"]) == (nudge.DRAIN, ("interactive",), {})


def test_a_rollback_enqueues_nothing():
    with transaction.atomic():
        nudge.nudge("interactive")
        transaction.set_rollback(True)
    assert OrmQ.objects.count() == 0


def test_a_hint_that_cannot_be_enqueued_is_harmless(monkeypatch):
    def away(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr(nudge, "async_task", away)
    assert nudge.hint(nudge.DRAIN, "interactive") is False
