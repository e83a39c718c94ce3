from __future__ import annotations

from datetime import timedelta

import pytest

from executor.choices import ExecutionStatus
from executor.delivery import lost
from executor.models import Execution
from integration_hub.coordination import dbtime

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(queued):
    def make(owner: str = "dead:1", seconds_ago: float = 1, **columns):
        return queued(
            status=ExecutionStatus.EXECUTING,
            lease_owner=owner,
            lease_until=dbtime.now() - timedelta(seconds=seconds_ago),
            fence=1,
            **columns,
        )

    return make


def fresh(row: Execution) -> Execution:
    return Execution.objects.get(pk=row.pk)


def test_a_safe_call_of_a_dead_worker_goes_back_to_the_queue(running):
    row = running()
    assert lost.reconcile() == 1
    assert fresh(row).status == ExecutionStatus.RETRYING
    assert fresh(row).fence > 1


def test_a_death_alone_is_charged(running):
    row = running()
    lost.reconcile()
    assert (fresh(row).deaths, fresh(row).suspect) == (1, False)


def test_a_death_in_company_charges_none_and_makes_all_suspect(running):
    rows = [running(), running(seconds_ago=-20)]
    lost.reconcile()
    assert [(fresh(row).deaths, fresh(row).suspect) for row in rows] == [(0, True), (0, True)]


def test_the_third_death_alone_ends_a_call_as_poison(running):
    row = running(deaths=2)
    lost.reconcile()
    assert (fresh(row).status, fresh(row).code) == (ExecutionStatus.FAILED, "POISON")


def test_two_deaths_alone_after_one_in_company_are_three(running):
    row = running(deaths=1, suspect=True)
    lost.reconcile()
    assert fresh(row).code == "POISON"


def test_a_suspect_that_dies_in_company_again_is_not_poison(running):
    row = running(suspect=True)
    running()
    lost.reconcile()
    assert fresh(row).status == ExecutionStatus.RETRYING


def test_bytes_may_have_left_for_an_unsafe_call_so_its_outcome_is_unknown(running):
    row = running(method="write", sent=True)
    lost.reconcile()
    assert fresh(row).status == ExecutionStatus.OUTCOME_UNKNOWN


def test_a_living_worker_keeps_its_calls(running):
    row = running(seconds_ago=-20)
    assert lost.reconcile() == 0
    assert fresh(row).status == ExecutionStatus.EXECUTING


def test_handing_back_charges_nobody(running):
    row = running(owner="me", seconds_ago=-20)
    lost.hand_back([row], owner="me")
    assert fresh(row).status == ExecutionStatus.RETRYING
    assert (fresh(row).deaths, fresh(row).suspect) == (0, False)


def test_what_a_dead_reconciler_left_half_done_is_settled_without_a_charge(running):
    row = running(owner="lost:dead:1")
    lost.reconcile()
    assert (fresh(row).status, fresh(row).deaths) == (ExecutionStatus.RETRYING, 0)


def test_reconciling_twice_settles_once(running):
    running()
    assert (lost.reconcile(), lost.reconcile()) == (1, 0)


def test_a_worker_known_to_be_dead_loses_its_calls_before_their_lease_ends(running):
    row = running(owner="tree:1:7", seconds_ago=-20)
    other = running(owner="tree:1:8", seconds_ago=-20)
    assert lost.bury("tree:1:7") == 1
    lost.reconcile()
    assert fresh(row).status == ExecutionStatus.RETRYING
    assert fresh(other).status == ExecutionStatus.EXECUTING


def test_a_dead_cluster_loses_the_calls_of_all_its_workers_each_charged_for_itself(running):
    alone = running(owner="tree:1:7", seconds_ago=-20)
    pair = [running(owner="tree:1:8", seconds_ago=-20) for _ in range(2)]
    elsewhere = running(owner="tree:11:7", seconds_ago=-20)
    lost.bury_tree("tree:1")
    assert (fresh(alone).deaths, fresh(alone).suspect) == (1, False)
    assert {(fresh(row).deaths, fresh(row).suspect) for row in pair} == {(0, True)}
    assert fresh(elsewhere).lease_owner == "tree:11:7"


def test_nothing_is_taken_from_a_worker_that_ran_nothing():
    assert lost.bury("tree:1:9") == 0
