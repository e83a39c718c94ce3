"""Background calls over their limit come back one after the other, not all at once."""

from __future__ import annotations

from itertools import pairwise

from executor.choices import ExecutionStatus, Priority


def test_parked_calls_are_due_one_token_after_the_other(accept, work):
    done = [work(accept("limited")) for _ in range(6)]
    assert done[0].status == ExecutionStatus.COMPLETED
    parked = done[1:]
    assert {row.status for row in parked} == {ExecutionStatus.QUEUED}
    for soon, late in pairwise(parked):
        assert 59 < (late.due_at - soon.due_at).total_seconds() < 61


def test_a_call_in_the_other_lane_does_not_queue_behind_them(accept, work):
    work(accept("limited"))
    batch = [work(accept("limited", priority=Priority.BATCH)) for _ in range(4)]
    person = work(accept("limited"))
    assert person.due_at < batch[1].due_at


def test_a_method_with_a_limit_of_its_own_leaves_the_instance_alone(call):
    assert call("limited")[1]["status"] == "completed"
    assert call("limited")[1]["code"] == "RATE_LIMIT_EXCEEDED"
    assert call("ping")[1]["status"] == "completed"
