"""Promise 2: work and its hint are committed together, and a lost hint is found by the pacer."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connections, transaction
from django_q.models import OrmQ

from executor import tasks
from executor.choices import ExecutionStatus
from executor.delivery import nudge
from executor.delivery.pace import Pacer
from executor.models import Execution

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 100
PATH = "/api/v1/instances/target/methods/ok/execute"


@pytest.fixture
def accept(api, instance):
    client = api("execute")

    def post() -> int:
        return client.post(PATH, {"parameters": {}, "mode": "async"}, format="json").status_code

    return post


def test_what_a_failed_view_had_begun_never_runs(accept, upstream):
    @transaction.atomic
    def failing_view() -> None:
        assert accept() == 202
        raise RuntimeError("the view fails after it enqueued")

    for _ in range(TIMES):
        with pytest.raises(RuntimeError):
            failing_view()
    Pacer().tick()
    tasks.drain("interactive")
    assert (Execution.objects.count(), len(upstream.hits)) == (0, 0)
    connections.close_all()


def test_what_was_accepted_without_its_hint_is_found_and_run(accept, upstream, monkeypatch):
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the queue's table does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(nudge, "async_task", away)
        assert [accept() for _ in range(TIMES)] == [202] * TIMES
    assert OrmQ.objects.count() == 0
    Pacer().tick()
    assert OrmQ.objects.filter(key="hub:interactive").count() == 1
    tasks.drain("interactive")
    done = Execution.objects.filter(status=ExecutionStatus.COMPLETED).count()
    assert (done, len(upstream.hits)) == (TIMES, TIMES)
    connections.close_all()
