"""`POST /instances/{ref}/credentials/rotate`: the new secret is tried, then in force."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from typing import Any

from credentials import rotation
from credentials import trial as credential_trial
from credentials.models import Credential
from executor import trial
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import pause
from integration_hub.lib.errors import HubError
from registry import runtime
from registry import services as registry
from registry.choices import InstanceState
from registry.models import Instance
from registry.runtime import RuntimeInstance


class Tried(Enum):
    """How it was found that the new secret is taken; NOT where there is nobody to ask."""

    NOT = "not"
    ACQUIRED = "acquired"
    CALLED = "called"


@dataclass(frozen=True, slots=True)
class Rotated:
    """`verified`: it was taken; False where there is nobody to ask (no health method, no token)."""

    row: Credential
    instance: Instance
    verified: bool


def rotate(*, caller: Caller, instance_ref: str, data: Any, grace_seconds: int) -> Rotated:
    """Put a new secret in force once it was taken: by a call of the health method, and before
    that, where a token is acquired with it, by whoever gives it.

    A refusal is audited as `credential.rotation_failed`. Raises InstanceNotFound, NotFound,
    ValidationFailed, Conflict, and the error of the call that tried it: then the secret in
    force stays.
    """
    with revision.scope():
        found = runtime.by_ref(instance_ref, caller)
        instance = Instance.objects.get(pk=found.id)
        candidate = rotation.prepare(instance=instance, data=data)
        with ExitStack() as stack:
            try:
                tried = _try(found, candidate, stack)
            except HubError as error:
                error.detail = f"The new secret was not taken, the old one stays. {error.detail}"
                rotation.refused(instance=instance, row=candidate.row, code=error.code, by=caller)
                raise
            pause.point("credential-tried")
            row = rotation.commit(
                instance=instance,
                candidate=candidate,
                grace_seconds=grace_seconds,
                verified=tried != Tried.NOT,
                caller=caller,
            )
    if tried == Tried.CALLED:
        registry.set_instance_state(
            instance_id=instance.pk,
            state=InstanceState.CONNECTED,
            reason="",
            only_from=(InstanceState.AUTH_ERROR, InstanceState.DISCONNECTED),
        )
    return Rotated(row, instance, tried != Tried.NOT)


def _try(found: RuntimeInstance, candidate: rotation.Candidate, stack: ExitStack) -> Tried:
    """Raises the error of whoever does not take the new secret."""
    tried = Tried.NOT
    if candidate.acquires:
        tried = Tried.ACQUIRED
        if stack.enter_context(credential_trial.acquired_with(candidate, found)).spent:
            return tried
    if found.spec.health_method:
        trial.verify(found, candidate.row)
        return Tried.CALLED
    return tried
