"""Which of an instance's last calls another version of its definition would judge otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps

from executor.choices import ExecutionStatus
from integration_hub.lib import jsonsafe, pointers
from integration_hub.lib.errors import Fault
from integration_hub.lib.redact import MASK
from integration_hub.lib.schema import compile_schema
from registry.recorded import Differs, Recorded
from registry.spec import DefinitionSpec

if TYPE_CHECKING:
    from executor.models import Execution, Payload

Schema = Mapping[str, Any] | bool | None
LAST_CALLS = 100


def recorded(instance_id: UUID, old: DefinitionSpec, new: DefinitionSpec) -> Recorded:
    """The last 100 calls, by what is kept of them in the open: masked values judge nothing.

    A call counts as different when it was valid under `old` and is not under `new`.
    Those whose bodies are purged are judged by their method alone.
    """
    # Registered before any model is loaded.
    calls = list(
        apps.get_model("executor", "Execution")
        .objects.filter(instance_id=instance_id)
        .order_by("-id")[:LAST_CALLS]
    )
    bodies = apps.get_model("executor", "Payload").objects.in_bulk([call.pk for call in calls])
    found = [
        differs for call in calls for differs in _differences(call, bodies.get(call.pk), old, new)
    ]
    return Recorded(len(calls), tuple(found))


def _differences(
    call: Execution, body: Payload | None, old: DefinitionSpec, new: DefinitionSpec
) -> Iterator[Differs]:
    before, after = old.methods.get(call.method), new.methods.get(call.method)
    if before is None:
        return
    if after is None:
        yield Differs(call.pk, call.method, "method")
        return
    if body is None:
        return
    faults = _newly(before.param_schema, after.param_schema, jsonsafe.loads(body.parameters))
    if faults:
        yield Differs(call.pk, call.method, "parameters", faults)
    if call.status == ExecutionStatus.COMPLETED and body.data:
        result = jsonsafe.loads(body.data)
        faults = _newly(before.result_schema, after.result_schema, result)
        if faults:
            yield Differs(call.pk, call.method, "result", faults)


def _newly(before: Schema, after: Schema, value: Any) -> tuple[Fault, ...]:
    if after is None or (before is not None and not compile_schema(before).is_valid(value)):
        return ()
    faults = compile_schema(after).faults(value)
    return tuple(fault for fault in faults if not _is_masked(value, fault.pointer))


def _is_masked(value: Any, pointer: str) -> bool:
    for segment in pointers.split(pointer):
        value = value[int(segment)] if isinstance(value, list) else value.get(segment, {})
    return isinstance(value, str) and MASK in value
