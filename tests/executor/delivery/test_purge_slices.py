"""The purge beside calls: in slices, in batches that stay short, by one process at a time."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from executor.delivery import purge
from executor.delivery.constants import (
    PURGE_AGAIN,
    PURGE_BATCH,
    PURGE_BATCH_SECONDS,
    PURGE_LEAST,
    UPKEEP_EVERY,
)
from executor.delivery.portion import Portion
from executor.models import IdempotencyRecord
from integration_hub.coordination import dbtime
from integration_hub.lib import ids, pause

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_keys():
    """`old_keys(500)`: keys of calls of the day before yesterday."""

    def make(number: int) -> None:
        at = dbtime.now() - timedelta(days=2)
        IdempotencyRecord.objects.bulk_create(
            IdempotencyRecord(
                owner="o",
                instance_id=ids.new_id(),
                method="ok",
                key_digest=str(index),
                body_digest="b",
                execution_id=ids.new_id(),
                created_at=at,
            )
            for index in range(number)
        )

    return make


def left() -> int:
    return IdempotencyRecord.objects.count()


def test_a_slice_ends_with_the_batch_in_which_its_time_ends(old_keys, fake_clock):
    old_keys(1_000)
    pacers = purge.Purge()
    counts, slices = [left()], 0
    with pause.at("purge-batch", lambda: fake_clock.advance(0.15)):
        while pacers.slice():
            counts.append(left())
            slices += 1
    assert left() == 0
    assert slices >= 5
    assert max(before - after for before, after in pairwise(counts)) < 1_000


def test_the_next_pass_begins_an_hour_after_the_last(old_keys, fake_clock):
    pacers = purge.Purge()
    while pacers.slice():
        pass
    old_keys(3)
    pacers.slice()
    assert left() == 3
    fake_clock.advance(UPKEEP_EVERY)
    pacers.slice()
    assert left() == 0


def test_while_one_purges_another_does_not(old_keys, fake_clock):
    old_keys(3)
    lease = purge.turn()
    assert purge.Purge().slice()
    with pytest.raises(CommandError, match="Another process purges"):
        call_command("purge_executions")
    assert left() == 3
    lease.release()
    call_command("purge_executions")
    assert left() == 0


def test_a_pass_that_failed_begins_again_after_a_minute(old_keys, fake_clock):
    def away() -> None:
        raise OperationalError

    old_keys(3)
    pacers = purge.Purge()
    with pause.at("purge-batch", away), pytest.raises(OperationalError):
        pacers.slice()
    pacers.slice()
    assert left() == 3
    fake_clock.advance(PURGE_AGAIN)
    pacers.slice()
    assert left() == 0


def test_batches_shrink_while_the_database_is_busy_and_grow_again():
    portion = Portion()
    for _ in range(20):
        portion.took(PURGE_BATCH_SECONDS * 2)
    assert portion.rows == PURGE_LEAST
    for _ in range(20):
        portion.took(PURGE_BATCH_SECONDS / 3)
    assert portion.rows == PURGE_BATCH
    portion.took(PURGE_BATCH_SECONDS * 0.8)
    assert portion.rows == PURGE_BATCH
