"""A run of the health method that leaves no row: for checks, and to try a secret."""

from __future__ import annotations

import threading

from executor.calls import Target
from executor.choices import ExecutionStatus, Mode, Priority
from executor.followups import kinds as followups
from executor.models import Execution, Payload
from executor.run import Run
from integration_hub.access.caller import Caller
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock
from registry.runtime import RuntimeInstance

LONGEST_CHECK_SECONDS = 10.0
"""What has not answered by then is as good as away, and holds up the checks of others."""


def new_run(instance: RuntimeInstance, cancelled: threading.Event) -> Run:
    """Raises MethodNotFound."""
    method = instance.method(instance.spec.health_method)
    seconds = min(method.timeout_ms / 1000, LONGEST_CHECK_SECONDS)
    caller = Caller.schedule()
    unsaved = Execution(
        status=ExecutionStatus.EXECUTING,
        mode=Mode.SYNC,
        priority=Priority.BATCH,  # whoever waits for an answer goes first
        instance_id=instance.id,
        instance_slug=instance.slug,
        definition_id=instance.definition_id,
        definition_ref=instance.definition_ref,
        method=method.name,
        caller=caller.owner,
        caller_name=caller.name,
        timeout_ms=int(seconds * 1000),
        created_at=clock.now(),
    )
    return Run(
        execution=unsaved,
        payload=Payload(id=unsaved.pk),
        target=Target(instance, method),
        parameters={},
        deadline=Deadline(seconds, cancelled=cancelled),
        cancelled=cancelled,
        followup=followups.begin(Target(instance, method), {}),
        fresh=True,
    )
