"""`POST /instances/{ref}/test`: config, then credential, then a real call of the health method."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from credentials import runtime as credentials
from executor import services
from executor.calls import CallOptions
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.egress.door import Deadline
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import HubError
from registry import runtime
from registry.choices import InstanceState
from registry.runtime import RuntimeInstance

TIMEOUT_MS = 30_000
_HINTS = {
    "AUTH_ERROR": "Put a new credential, or ask the provider what this one may do.",
    "TARGET_FORBIDDEN": "Allow the address in HUB_OUTBOUND_ALLOW if it is meant to be reached.",
    "CONNECTION_ERROR": "Check base_url and whether the system can be reached from this host.",
    "TIMEOUT_ERROR": "The system did not answer in time; check it, or raise timeout_ms.",
    "CIRCUIT_OPEN": "Wait for retry_after, or reset the circuit.",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a check has to say that is no failure: `ok`, `warn` or `skipped`."""

    detail: str
    status: str = "ok"
    hint: str = ""


@dataclass(slots=True)
class Report:
    """The steps so far; after one failed, the rest are skipped."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(step["status"] != "failed" for step in self.steps)

    def step(self, name: str, check: Callable[[], str | Found], *, hint: str = "") -> None:
        """Run one check: what it returns is the detail, a HubError is its failure."""
        if not self.ok:
            self._add(name, "skipped", "An earlier step failed.", "", 0.0)
            return
        began = time.perf_counter()
        try:
            found = check()
            told = found if isinstance(found, Found) else Found(found)
            status, detail, remedy = told.status, told.detail, told.hint
        except HubError as error:
            status, detail = "failed", error.detail
            remedy = _HINTS.get(error.extra.get("code", error.code), hint)
        self._add(name, status, detail, remedy, round((time.perf_counter() - began) * 1000, 3))

    def skip(self, name: str, detail: str) -> None:
        self._add(name, "skipped", detail, "", 0.0)

    def _add(self, name: str, status: str, detail: str, hint: str, duration_ms: float) -> None:
        self.steps.append(
            {
                "name": name,
                "status": status,
                "detail": detail,
                "hint": hint,
                "duration_ms": duration_ms,
            }
        )

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, "steps": self.steps}


def run(*, caller: Caller, instance_ref: str) -> Report:
    """Test an instance, in the order in which things go wrong. Raises InstanceNotFound."""
    with revision.scope():
        instance = runtime.by_ref(instance_ref, caller)
        report = Report()
        report.step("config", lambda: check_config(instance), hint="PATCH the instance's config.")
        report.step(
            "credential", lambda: check_credential(instance), hint="PUT the instance's credentials."
        )
        health = instance.spec.health_method
        if health:
            report.step("call", lambda: call(instance, health, caller))
        else:
            report.skip("call", "The definition names no health_check method to call.")
        return report


def check_config(instance: RuntimeInstance) -> str:
    if instance.state in (InstanceState.PENDING_CONFIGURATION, InstanceState.CONFIG_ERROR):
        instance.require_ready()
    return f"The config fits {instance.definition_ref}."


def check_credential(instance: RuntimeInstance) -> str:
    use = credentials.use_for(instance, Deadline(TIMEOUT_MS / 1000))
    if use.credential_id is None:
        return "No credential is needed."
    return "The credential is there and opens."


def call(instance: RuntimeInstance, method: str, caller: Caller) -> str:
    reply = services.execute_unscoped(
        caller=caller,
        instance_ref=str(instance.id),
        method=method,
        parameters={},
        options=CallOptions(timeout_ms=TIMEOUT_MS, fresh=True),
    )
    body = jsonsafe.loads(reply.body)
    if reply.ok:
        return f"{method} answered in {body['duration_ms']:.0f} ms."
    raise HubError(f"{body['code']}: {body['detail']}", extra={"code": body["code"]})
