"""Whatever happens to executions in whatever order: no illegal step, and an end is an end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from executor import pipeline, services
from executor.calls import CallOptions
from executor.choices import FINAL, ExecutionStatus, Mode
from executor.delivery.lost import reconcile
from executor.models import Execution, IdempotencyRecord
from integration_hub.coordination import dbtime
from integration_hub.lib import errors, jsonsafe
from tests.executor.conftest import CALLER, claimed

STEPS, EXAMPLES = 50, 100  # 5,000 steps a machine
WAITING = {ExecutionStatus.QUEUED, ExecutionStatus.RETRYING}
LEGAL = {
    ExecutionStatus.QUEUED: {ExecutionStatus.EXECUTING, ExecutionStatus.RETRYING, *FINAL},
    ExecutionStatus.RETRYING: {ExecutionStatus.EXECUTING, *FINAL},
    ExecutionStatus.EXECUTING: {*WAITING, *FINAL},
}
METHODS = st.sampled_from(["ping", "create_contact", "busy", "reset", "reset_post"])
KEYS = st.sampled_from(["a", "b", "c"])
NOTES = st.sampled_from(["1", "2"])


class Executions(RuleBasedStateMachine):
    """Accept, claim, run, cancel, lose and settle, in any order."""

    rows = Bundle("rows")

    def __init__(self) -> None:
        super().__init__()
        Execution.objects.all().delete()
        self.seen: dict[object, str] = {}

    @rule(target=rows, method=METHODS)
    def accept(self, method):
        options = CallOptions(mode=Mode.ASYNC)
        reply = services.execute(
            caller=CALLER, instance_ref="acme", method=method, parameters={}, options=options
        )
        return jsonsafe.loads(reply.body).get("execution_id")

    @rule(pk=rows)
    def claim(self, pk):
        row = Execution.objects.get(pk=pk)
        if row.status in WAITING:
            claimed(row)

    @rule(pk=rows)
    def run(self, pk):
        row = Execution.objects.get(pk=pk)
        if row.status == ExecutionStatus.EXECUTING:
            pipeline.run_claimed(row, cancelled=threading.Event())

    @rule(pk=rows)
    def run_with_a_claim_that_moved_on(self, pk):
        row = Execution.objects.get(pk=pk)
        row.fence -= 1
        pipeline.run_claimed(row, cancelled=threading.Event())

    @rule(pk=rows)
    def cancel(self, pk):
        try:
            services.cancel(caller=CALLER, execution=Execution.objects.get(pk=pk))
        except errors.Conflict:
            assert Execution.objects.get(pk=pk).is_final

    @rule(pk=rows)
    def lose(self, pk):
        Execution.objects.filter(pk=pk, status=ExecutionStatus.EXECUTING).update(
            lease_until=dbtime.now() - timedelta(seconds=1)
        )
        reconcile()

    @invariant()
    def every_step_is_legal(self):
        for row in Execution.objects.all():
            before = self.seen.get(row.pk)
            if before is not None and before != row.status:
                assert before not in FINAL, f"{before} became {row.status}"
                assert row.status in LEGAL[before], f"{before} became {row.status}"
            if row.is_final:
                assert row.finished_at is not None
                assert row.lease_until is None
            self.seen[row.pk] = row.status


class Keys(RuleBasedStateMachine):
    """Three keys, two bodies, two callers: every answer is the first one's, or a refusal."""

    def __init__(self) -> None:
        super().__init__()
        IdempotencyRecord.objects.all().delete()
        Execution.objects.all().delete()
        self.answers: dict[tuple[str, str], tuple[bytes, str]] = {}

    @rule(
        key=KEYS, note=st.sampled_from(["1", "2"]), method=st.sampled_from(["ping", "reset_post"])
    )
    def ask(self, key, note, method):
        options = CallOptions(timeout_ms=5_000)
        try:
            reply = services.execute(
                caller=CALLER,
                instance_ref="acme",
                method=method,
                parameters={"note": note},
                options=options,
                idempotency_key=key,
            )
        except errors.IdempotencyKeyReused:
            assert self.answers[method, key][1] != note
            return
        except errors.CircuitOpen:
            assert (method, key) not in self.answers
            return
        first = self.answers.setdefault((method, key), (reply.body, note))
        if reply.status == 503:
            del self.answers[method, key]  # refused by the circuit: the key stays free
            return
        assert first == (reply.body, note)

    @rule(key=KEYS)
    def expire(self, key):
        IdempotencyRecord.objects.all().update(
            created_at=dbtime.now() - timedelta(hours=24, minutes=1)
        )
        self.answers.clear()

    @invariant()
    def one_execution_a_kept_key(self):
        assert len(self.answers) <= IdempotencyRecord.objects.count() <= 6


@pytest.mark.django_db
@pytest.mark.parametrize("machine", [Executions, Keys])
@pytest.mark.fuzz
@pytest.mark.timeout(600)
def test_the_model_holds(machine, acme):
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=quiet,
        ),
    )
