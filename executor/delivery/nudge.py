"""Hints on the task queue. Losing one costs a second: the pacer looks for due rows itself."""

from __future__ import annotations

import logging
from functools import partial

from django.db import Error, transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from executor.choices import Priority
from integration_hub.lib import log

DRAIN = "executor.tasks.drain"
CHECK_HEALTH = "executor.tasks.check_health"
RELAY_EVENTS = "executor.tasks.relay_events"
CANARY = "executor.tasks.canary"
TEST_CREDENTIALS = "executor.tasks.test_credentials"

logger = log.get(__name__)
# A line for every hint and every canary says nothing that a row does not say better.
logging.getLogger("django-q").setLevel(logging.WARNING)


def nudge(priority: str) -> None:
    """Hint, once this transaction commits, that a row of `priority` waits to be claimed.

    A hint that nobody has taken yet serves for any number of rows, so bursts do
    not flood the queue. A failure is logged and harmless.
    """
    transaction.on_commit(partial(hint, DRAIN, priority), robust=True)


def hint(task: str, queue: str) -> bool:
    """Enqueue `task` on `queue` unless one waits there already; True when it was enqueued."""
    try:
        if is_waiting(queue):
            return False
        arguments = (queue,) if task == DRAIN else ()
        async_task(task, *arguments, cluster=key_of(queue), task_name=f"{task}:{queue}"[:100])
    except Error as error:
        logger.warning("delivery.hint_failed", task=task, queue=queue, error=type(error).__name__)
        return False
    return True


def test_credentials() -> None:
    """Somebody waits for a test: a task of its own, whatever waits on the queue beside it."""
    queue = Priority.INTERACTIVE.value
    try:
        async_task(TEST_CREDENTIALS, cluster=key_of(queue), task_name=TEST_CREDENTIALS)
    except Error as error:
        logger.warning(
            "delivery.hint_failed", task=TEST_CREDENTIALS, queue=queue, error=type(error).__name__
        )


def key_of(queue: str) -> str:
    """The broker's key of one of our queues."""
    return f"{Conf.PREFIX}:{queue}"


def is_waiting(queue: str) -> bool:
    """Whether a hint on `queue` has been enqueued and not been taken yet."""
    waiting = OrmQ.objects.filter(key=key_of(queue), lock__lte=timezone.now())
    return bool(waiting.exists())
