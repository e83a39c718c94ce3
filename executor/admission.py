"""Whether a call may be made at all: resolved, ready, and its parameters in order (steps 1, 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executor.calls import CallOptions, Target
from executor.choices import Mode
from executor.followups import job_options
from integration_hub.access.caller import Caller
from integration_hub.access.services import has_webhook_secret
from integration_hub.coordination import disk
from integration_hub.egress import policy
from integration_hub.lib.errors import Fault, HubError, InstanceNotReady, ValidationFailed
from registry import runtime
from registry.adapter_manager import active_adapter

MAX_SYNC_INTERVAL_S = 2.0


def resolve(
    *,
    caller: Caller,
    instance_ref: str,
    integration: str,
    context: Mapping[str, Any],
    method: str,
) -> Target:
    """The method to call. Raises the 404s of contract §3, AmbiguousInstance or InstanceNotReady.

    Raises InsufficientStorage while there is no room to keep one more call.
    """
    disk.require_room()
    if instance_ref:
        instance = runtime.by_ref(instance_ref, caller)
    else:
        instance = _selected(integration, context, caller)
    return Target(instance, instance.method(method))


def _selected(
    integration: str, context: Mapping[str, Any], caller: Caller
) -> runtime.RuntimeInstance:
    """The instance that serves a context, also the only one that would if it were ready.

    That one is refused like one called by its name, with a row that tells of it.
    """
    try:
        return runtime.select(integration=integration, context=context, caller=caller)
    except InstanceNotReady as error:
        unready = error.extra["instances"]
        if len(unready) != 1:
            raise
        return runtime.by_ref(unready[0], caller)


def refusal(
    target: Target, parameters: Any, options: CallOptions, caller: Caller
) -> HubError | None:
    """Why this call is not made, or None. Nothing has been sent or stored."""
    return (
        _not_ready(target)
        or _wrong_parameters(target, parameters)
        or _wrong_options(options, caller)
        or _too_slow(target, options)
    )


def _too_slow(target: Target, options: CallOptions) -> HubError | None:
    """A job that is looked at more than 2 s apart cannot be waited for by a caller."""
    job = job_options.options_of(target.method)
    if job is None or options.mode != Mode.SYNC or job.interval <= MAX_SYNC_INTERVAL_S:
        return None
    return ValidationFailed(
        f"{target.method.name} starts a job that is looked at every {job.interval:g} s; call it "
        "with mode async.",
        errors=[Fault("/mode", "Must be async for this method.", "MODE")],
    )


def _not_ready(target: Target) -> HubError | None:
    try:
        target.instance.require_ready()
        active_adapter(target.instance.spec.type)
    except HubError as error:
        return error
    return None


def _wrong_parameters(target: Target, parameters: Any) -> HubError | None:
    validator = runtime.param_validator(target.method)
    faults = validator.faults(parameters, "/parameters") if validator else ()
    if not faults:
        return None
    return ValidationFailed(
        f"The parameters of {target.method.name} are wrong in {len(faults)} place(s); nothing was "
        "sent.",
        errors=faults,
    )


def _wrong_options(options: CallOptions, caller: Caller) -> HubError | None:
    if not options.callback_url:
        return None
    try:
        policy.check_url(options.callback_url)
    except HubError as error:
        return error
    if has_webhook_secret(caller.owner):
        return None
    detail = (
        "A callback is signed with the secret of the calling token, and this caller has none: "
        "call with a token made by manage.py create_token or in the admin."
    )
    return ValidationFailed(detail, errors=[Fault("/callback_url", detail, "NO_SECRET")])
