"""The task queue: django-q2's ORM broker on several keys, one of them this host's own.

A canary on the host's own key can be taken by that host's cluster alone, so its
silence tells of that cluster whatever the others do.
"""

from __future__ import annotations

from time import sleep
from typing import Any

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from executor.delivery import node
from executor.delivery.nudge import key_of


def keys() -> list[str]:
    """Every key that this host's cluster takes tasks from."""
    queues = (*node.current.queues, node.canary_queue())
    return [Conf.PREFIX, *map(key_of, queues)]


class HubBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """Takes the oldest unlocked task of any of our keys, by compare-and-swap on its lock."""

    def dequeue(self) -> list[tuple[int, str]] | None:
        now = timezone.now()
        waiting = self.get_connection().filter(key__in=keys(), lock__lte=now)
        task: Any = waiting.order_by("lock").first()
        if task is None:
            sleep(Conf.POLL)
            return None
        same = self.get_connection().filter(pk=task.pk, lock=task.lock)
        return [(task.pk, task.payload)] if same.update(lock=self.timeout(task)) else None

    def queue_size(self) -> int:
        waiting = self.get_connection().filter(key__startswith=Conf.PREFIX)
        return int(waiting.filter(lock__lte=timezone.now()).count())
