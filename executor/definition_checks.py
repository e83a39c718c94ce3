"""What the executor has to say about a definition: its adapter accepts every method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Fault
from integration_hub.lib.pointers import join
from integration_hub.lib.schema import compile_schema
from registry.adapter import Adapter, adapters
from registry.definition_checks import required_parameters
from registry.spec import DefinitionSpec, MethodSpec


def check_methods(spec: DefinitionSpec) -> Iterable[Fault]:
    """An unknown adapter, a protocol block that it refuses, paths that are none."""
    try:
        adapter = adapters.get(spec.type)
    except UnknownPlugin as error:
        yield Fault("/type", f"{error}.", "ADAPTER")
        return
    for method in spec.methods.values():
        base = join(("methods", method.name))
        yield from _protocol_faults(adapter, method, f"{base}/{spec.type}")
        for fault in adapter.check_method(method):
            yield replace(fault, pointer=base + fault.pointer)
    yield from _health_faults(adapter, spec)


def _health_faults(adapter: Adapter, spec: DefinitionSpec) -> Iterator[Fault]:
    """A check is called without parameters; those that the schema requires are seen before."""
    method = spec.methods.get(spec.health_method)
    if method is None or required_parameters(method):
        return
    if needed := adapter.needed_parameters(method.protocol):
        names = ", ".join(sorted(needed))
        detail = f"A health check is called without parameters, and this method needs {names}."
        yield Fault("/health_check/method", detail, "REQUIRED_PARAMETER")


def _protocol_faults(adapter: Adapter, method: MethodSpec, base: str) -> Iterator[Fault]:
    schema: dict[str, Any] = dict(adapter.method_schema())
    yield from compile_schema(schema).faults(dict(method.protocol), base)
