"""Calls with another secret than the one in force: a new one on trial, an old one in its grace."""

from __future__ import annotations

import threading
from typing import Any

from credentials import runtime as credentials
from credentials.models import Credential
from executor import attempt, shaping
from executor.attempt import Attempted
from executor.files.store import storage
from executor.health.run import new_run
from executor.run import Run
from integration_hub.lib import log
from integration_hub.lib.errors import AuthFailed, HubError
from registry.runtime import RuntimeInstance

_logger = log.get(__name__)
_UNAUTHORIZED = 401


def attempt_with_grace(run: Run, body: Any, *, has_body: bool) -> Attempted:
    """One try; where the new secret is refused in its grace, one more with the old one."""
    made = attempt.make(run, body, has_body=has_body)
    if not isinstance(made.error, AuthFailed) or made.error.upstream_status != _UNAUTHORIZED:
        return made
    old = credentials.before_rotation(run.target.instance)
    if old is None:
        return made
    _logger.warning("credential.old_one_used", instance=run.target.instance.slug)
    run.auth_outcome = None  # what was to be done about the new one
    with credentials.in_place_of(old):
        return attempt.make(run, body, has_body=has_body)


def verify(instance: RuntimeInstance, row: Credential) -> None:
    """Call the health method once with this secret, past circuits and limits, leaving no trace.

    Raises the HubError of the call, MethodNotFound without a health method.
    """
    run = new_run(instance, threading.Event())
    body, has_body = shaping.shape_request(run.target, run.parameters)
    with credentials.in_place_of(row):
        made = attempt.make(run, body, has_body=has_body)
    if run.file is not None:
        storage().delete(run.file.path)
    if made.error is not None:
        raise _without_secrets(run, made.error)


def _without_secrets(run: Run, error: HubError) -> HubError:
    error.detail = run.known.redactor().text(error.detail)
    return error
