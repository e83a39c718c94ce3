"""What the executor has to say about a definition: its adapter accepts every method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from executor.caching import checks as cache_checks
from executor.followups import job_options, page_options
from integration_hub.lib import log
from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Fault
from integration_hub.lib.pointers import join
from integration_hub.lib.schema import compile_schema
from registry.adapter import Adapter, adapters
from registry.definition_checks import required_parameters
from registry.spec import DefinitionSpec, MethodSpec

_logger = log.get(__name__)


def check_methods(spec: DefinitionSpec) -> Iterable[Fault]:
    """An unknown adapter, a protocol block that it refuses, paths that are none."""
    try:
        adapter = adapters.get(spec.type)
    except UnknownPlugin as error:
        yield Fault("/type", f"{error}.", "ADAPTER")
        return
    yield from _auth_faults(adapter, spec)
    try:
        yield from _method_faults(adapter, spec)
        yield from _health_faults(adapter, spec)
    except Exception as error:
        _logger.exception("adapter_failed", adapter=adapter.type, at="check_method")
        detail = f"The adapter {adapter.type} failed with {type(error).__name__} judging this."
        yield Fault("/methods", detail, "ADAPTER_ERROR")


def _method_faults(adapter: Adapter, spec: DefinitionSpec) -> Iterator[Fault]:
    for method in spec.methods.values():
        base = join(("methods", method.name))
        yield from _protocol_faults(adapter, method, f"{base}/{spec.type}")
        found = (
            *adapter.check_method(method),
            *page_options.faults(adapter, method),
            *job_options.faults(method, adapter.type),
            *cache_checks.faults(method),
        )
        for fault in found:
            yield replace(fault, pointer=base + fault.pointer)


def _auth_faults(adapter: Adapter, spec: DefinitionSpec) -> Iterator[Fault]:
    for index, entry in enumerate(spec.auth):
        if not adapter.takes_auth(entry.type):
            detail = (
                f"The adapter {adapter.type} cannot use a credential of type {entry.type!r}; "
                f"it takes {', '.join(sorted(adapter.supported_auth))}."
            )
            yield Fault(f"/auth/{index}/type", detail, "UNSUPPORTED_AUTH")


def warn_of_methods(spec: DefinitionSpec) -> Iterable[Fault]:
    """What the adapter would have someone look at."""
    if spec.type not in adapters:
        return
    adapter = adapters.get(spec.type)
    for method in spec.methods.values():
        base = join(("methods", method.name))
        for fault in adapter.method_warnings(method):
            yield replace(fault, pointer=base + fault.pointer)


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
