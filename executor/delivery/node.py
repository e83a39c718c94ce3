"""Which process tree this is: its name on the queue and what its workers may claim."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from executor.choices import Priority

QUEUES = (Priority.INTERACTIVE.value, Priority.BATCH.value)


@dataclass(slots=True)
class Node:
    """One host's workers. `queues` are the priorities that they claim."""

    name: str
    queues: tuple[str, ...] = QUEUES
    threads: int | None = None


def default_name() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


current = Node(name=default_name())
"""Set once by the command that starts the tree, before anything is forked from it."""


def process_name() -> str:
    """This process as the owner of leases: unique among the living and the dead."""
    return f"{current.name}:{os.getpid()}"


def canary_queue() -> str:
    """The queue that only this tree's cluster takes from."""
    return f"node:{current.name}"
