"""What a method's `sql` block can get wrong and its schema cannot see."""

from __future__ import annotations

from collections.abc import Iterator

from executor.schema_members import members_of
from executor.sql.statement import READING, WRITING, Statement, parse
from integration_hub.lib.errors import Fault
from integration_hub.lib.near import near_names
from registry.spec import MethodSpec

_PLACE = "/sql/statement"


def method_faults(method: MethodSpec) -> Iterator[Fault]:
    """Every fault; pointers start at the method."""
    statement = parse(str(method.protocol["statement"]))
    yield from _verb_faults(method, statement)
    if method.request_transform is None:
        yield from _name_faults(method, statement)
    if method.idempotency_header:
        detail = (
            "A database takes no idempotency key. Where the statement itself does no work twice "
            "(ON CONFLICT, a key of the caller's), say idempotent: true."
        )
        yield Fault("/idempotency_header", detail, "NOT_SUPPORTED")


def _verb_faults(method: MethodSpec, statement: Statement) -> Iterator[Fault]:
    writes = method.protocol.get("mode") == "write"
    allowed = READING | WRITING if writes else READING
    if statement.verb in allowed:
        return
    if statement.verb in WRITING:
        detail = f"{statement.verb} writes: say mode: write."
        yield Fault(_PLACE, detail, "WRITES")
        return
    begins = f"begins with {statement.verb}" if statement.verb else "is empty"
    detail = f"The statement {begins}; it may begin with {', '.join(sorted(allowed))}."
    yield Fault(_PLACE, detail, "NOT_SUPPORTED")


def _name_faults(method: MethodSpec, statement: Statement) -> Iterator[Fault]:
    if method.param_schema is None:
        return
    members = members_of(method.param_schema)
    for name in statement.names:
        types = members.type_of(name)
        if name not in members.properties and (members.listed or members.closed):
            near = near_names(name, members.properties)
            meant = f" Did you mean :{near[0]}?" if near else ""
            detail = (
                f":{name} has no property in param_schema.{meant} A colon that is none of a "
                r"parameter is written \:."
            )
            yield Fault(_PLACE, detail, "UNKNOWN_PARAMETER")
        elif name in statement.lists and types and "array" not in types:
            yield Fault(_PLACE, f":{name} stands after IN and must be an array.", "TYPE")
    if not members.listed:
        return
    for name in sorted(members.properties.keys() - set(statement.names)):
        near = near_names(name, statement.names)
        meant = f" Did you mean :{near[0]}?" if near else ""
        detail = f"The statement does not use it: bind it as :{name} or remove it.{meant}"
        yield Fault(f"/param_schema/properties/{name}", detail, "UNUSED_PARAMETER")
