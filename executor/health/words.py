"""Why an instance is as healthy as it is, in a sentence for people."""

from __future__ import annotations

from executor.health.call import CheckResult
from executor.health.state import HealthState
from executor.health.traffic import Traffic
from registry.choices import Health

LENGTH = 500


def reason(state: HealthState, result: CheckResult, traffic: Traffic, slow_ms: int) -> str:
    """What was seen last that made the state what it is."""
    if state.health == Health.HEALTHY:
        told = f"{state.successes} checks in a row succeeded."
    elif not result.ok:
        told = _failed(state, result, traffic)
    elif traffic.is_troubled:
        told = f"Checks are answered, but {traffic.failed} of {traffic.calls} calls failed."
    else:
        told = (
            f"It answers slowly: the last check took {result.duration_ms:.0f} ms, "
            f"over {slow_ms} ms is slow."
        )
    if state.flapping:
        told = f"Flapping: {state.needed} good checks in a row bring it back. {told}"
    return told[:LENGTH]


def _failed(state: HealthState, result: CheckResult, traffic: Traffic) -> str:
    last = f"{result.code}: {result.detail}"
    if traffic.is_fine:
        well = traffic.calls - traffic.failed
        return f"Checks fail, yet {well} of {traffic.calls} calls went well; the last with {last}"
    return f"{state.failures} checks in a row failed, the last with {last}"
