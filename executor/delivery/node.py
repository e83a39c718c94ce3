"""Which process tree this is: its name on the queue and what its workers may run."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass

from executor.choices import Priority

PRIORITIES = (Priority.INTERACTIVE.value, Priority.BATCH.value)
"""The queues of executions, in the order in which they are claimed."""

HEALTH, EVENTS = "health", "events"
QUEUES = (*PRIORITIES, HEALTH, EVENTS)


@dataclass(slots=True)
class Node:
    """One host's workers. `queues` are those that they serve."""

    name: str
    queues: tuple[str, ...] = QUEUES
    threads: int | None = None

    @property
    def priorities(self) -> tuple[str, ...]:
        """The served queues of executions, interactive first."""
        return tuple(queue for queue in PRIORITIES if queue in self.queues)

    def serves(self, queue: str) -> bool:
        return queue in self.queues


def default_name() -> str:
    """Unique in time too: a restarted container has its old host name and process ids."""
    return f"{socket.gethostname()[:50]}:{os.getpid()}:{secrets.token_hex(4)}"


current = Node(name=default_name())
"""Set once by the command that starts the tree, before anything is forked from it."""


def process_name() -> str:
    """This process as the owner of leases: unique among the living and the dead."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> str:
    """How a worker process of this tree signs its leases."""
    return f"{current.name}:{pid}"


def canary_queue() -> str:
    """The queue that only this tree's cluster takes from."""
    return f"node:{current.name}"
