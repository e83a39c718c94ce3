"""What django-q2 runs. Every task takes a queue's name at most, never data."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from executor.choices import Priority
from executor.credential_tests import running as credential_tests
from executor.delivery import claim, life, node, nudge, pace
from executor.delivery.constants import RELAY_LINGERS, SIDE_SECONDS
from executor.delivery.drain import Drain, threads
from executor.delivery.lost import reconcile
from executor.delivery.processes import die_of_memory
from executor.delivery.stopping import stop
from executor.health import checks as health
from integration_hub.events import relay
from integration_hub.lib import clock, log

logger = log.get(__name__)


def drain(queue: str) -> None:
    """Run due executions until there are none; losing the race for them is no fault.

    The hint names the queue that it was enqueued for; the worker claims whatever
    its queues hold, interactive first.
    """
    done = _serve()
    if done == 0:
        logger.debug("delivery.duplicate_hint", queue=queue)
    elif claim.any_due(queues=node.current.priorities):
        nudge.hint(nudge.DRAIN, queue)


def check_health() -> None:
    """Check every instance that is due."""
    _serve(health.run_due)


def test_credentials() -> None:
    """Run the tests of credentials that somebody waits for."""
    _serve(credential_tests.run_due)


def relay_events() -> None:
    """Deliver the events that are due."""
    _serve(_relay)


def canary() -> None:
    """Show that this tree's cluster runs tasks."""
    life.show()


def safety_net() -> None:
    """What the pacer does, once a minute, from django-q2's own scheduler."""
    life.show()
    reconcile()
    pace.hint_what_is_due()


def _serve(first: Callable[[], object] | None = None) -> int:
    """One turn of this worker: `first`, and beside it whatever falls due, calls above all.

    A check or a receiver that hangs holds a thread, not the worker.
    """
    life.show()
    work = Drain(
        queues=node.current.priorities,
        threads=threads(),
        seconds=float(settings.Q_CLUSTER["timeout"]),
        sides=_sides(),
    )
    try:
        return work.run(first=first)
    except MemoryError:
        die_of_memory()


def _sides() -> list[Callable[[], object]]:
    """What a worker of this host does beside its calls."""
    jobs = {
        Priority.INTERACTIVE.value: credential_tests.run_due,
        node.HEALTH: health.run_due,
        node.EVENTS: _relay,
    }
    return [job for queue, job in jobs.items() if node.current.serves(queue)]


def _relay() -> None:
    ends = clock.monotonic() + SIDE_SECONDS
    with relay.Relay() as found:
        found.run(lambda: stop.requested or clock.monotonic() > ends, linger=RELAY_LINGERS)
