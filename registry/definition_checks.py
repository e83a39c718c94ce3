"""What registry itself has to say about a document of the right shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from integration_hub.egress.hosts import BadHost, HostPattern
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.near import near_names
from integration_hub.lib.pointers import join
from integration_hub.lib.redaction import paths
from integration_hub.lib.resilience import transient
from integration_hub.lib.schema import Validator, compile_schema
from registry import adapter_versions
from registry.policy_schema import POLICIES
from registry.refs import is_range
from registry.spec import DefinitionSpec, MethodSpec

RESERVED_SLUGS = frozenset({"meta-schema", "import"})
_SENSITIVE_ROOTS = frozenset({"parameters", "result"})


def check_definition(spec: DefinitionSpec) -> Iterator[Fault]:
    """Names, schemas, policies, the health check, sensitive paths and examples."""
    yield from _names(spec)
    yield from _policies(spec.document, "")
    yield from _config(spec)
    yield from _supports(spec)
    yield from _auth_ids(spec)
    yield from _hosts(spec)
    yield from _health(spec)
    for name, method in spec.methods.items():
        base = join(("methods", name))
        yield from _policies(spec.document["methods"][name], base)
        yield from _method(method, base)


def _hosts(spec: DefinitionSpec) -> Iterator[Fault]:
    for index, text in enumerate(spec.allowed_hosts):
        try:
            HostPattern.parse(text)
        except BadHost as error:
            detail = f"Not a host[:port] or *.domain: {error}."
            yield Fault(f"/allowed_hosts/{index}", detail, "FORMAT")


def _names(spec: DefinitionSpec) -> Iterator[Fault]:
    if spec.slug in RESERVED_SLUGS:
        yield Fault("/slug", f"{spec.slug!r} is a word of the API: choose another.", "RESERVED")
    try:
        UUID(spec.slug)
    except ValueError:
        return
    yield Fault("/slug", "A slug that looks like an id would hide one: choose a name.", "RESERVED")


def _policies(block: Mapping[str, Any], base: str) -> Iterator[Fault]:
    for name in POLICIES.keys() & block.keys():
        yield from policy_faults(name, block[name], f"{base}/{name}")


def policy_faults(name: str, block: Mapping[str, Any], pointer: str) -> Iterator[Fault]:
    """What the schema of one policy block cannot see."""
    counts = name == "circuit_breaker" and block.get("window_type", "count") == "count"
    if counts and block.get("min_calls", 1) > block.get("window", 10_000):
        detail = "More calls than the window holds: the circuit would never open."
        yield Fault(f"{pointer}/min_calls", detail, "RANGE")
    if name == "transient":
        yield from transient.faults(block, pointer)


def _config(spec: DefinitionSpec) -> Iterator[Fault]:
    validator, faults = _compiled(spec.config_schema, "/config_schema")
    yield from faults
    if validator is not None:
        # A default may be incomplete (an instance adds what is missing), never wrong.
        for fault in validator.faults(dict(spec.default_config), "/default_config"):
            if fault.code != "REQUIRED":
                yield fault
    if spec.sunset:
        try:
            date.fromisoformat(spec.sunset)
        except ValueError:
            yield Fault("/sunset", "Not a day of the calendar.", "FORMAT")


def _supports(spec: DefinitionSpec) -> Iterator[Fault]:
    if spec.supports and not is_range(spec.supports):
        detail = "No range of versions: write ^1.2, ~1.2 or >=1 <3."
        yield Fault("/supports", detail, "RANGE")
    elif wrong := adapter_versions.mismatch(spec):
        yield Fault("/supports", f"{wrong}.", "INCOMPATIBLE_ADAPTER")


def _auth_ids(spec: DefinitionSpec) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, entry in enumerate(spec.auth):
        if entry.id in seen:
            detail = f"The id {entry.id!r} stands twice: give each entry its own `id`."
            yield Fault(f"/auth/{index}/id", detail, "DUPLICATE")
        seen.add(entry.id)


def _health(spec: DefinitionSpec) -> Iterator[Fault]:
    if not spec.health_method:
        return
    method = spec.methods.get(spec.health_method)
    if method is None:
        near = near_names(spec.health_method, spec.methods)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        detail = f"There is no method {spec.health_method!r}.{meant}"
        yield Fault("/health_check/method", detail, "UNKNOWN_METHOD")
    elif required_parameters(method):
        names = ", ".join(required_parameters(method))
        detail = f"A health check is called without parameters, and this method requires {names}."
        yield Fault("/health_check/method", detail, "REQUIRED_PARAMETER")


def required_parameters(method: MethodSpec) -> list[str]:
    """The parameters that a caller must give."""
    schema = method.param_schema
    required = schema.get("required", ()) if isinstance(schema, Mapping) else ()
    return [name for name in required if isinstance(name, str)]


def _method(method: MethodSpec, base: str) -> Iterator[Fault]:
    parameters, faults = _compiled(method.param_schema, f"{base}/param_schema")
    yield from faults
    result, faults = _compiled(method.result_schema, f"{base}/result_schema")
    yield from faults
    for index, path in enumerate(method.sensitive):
        if wrong := _sensitive_fault(path):
            yield Fault(f"{base}/sensitive/{index}", wrong, "PATH")
    for index, example in enumerate(method.examples):
        place = f"{base}/examples/{index}"
        if parameters is not None:
            yield from parameters.faults(example.get("parameters", {}), f"{place}/parameters")
        if result is not None and "result" in example:
            yield from result.faults(example["result"], f"{place}/result")


def _sensitive_fault(path: str) -> str:
    """Why nothing could be masked by this path; empty when it is one."""
    try:
        root = paths.steps(path)[0]
    except ValueError as error:
        return f"{error}; write it as `parameters.email` or `result.items[*].id`."
    if root in _SENSITIVE_ROOTS:
        return ""
    return "Start the path with `parameters.` or `result.`."


def _compiled(
    schema: Mapping[str, Any] | bool | None, base: str
) -> tuple[Validator | None, list[Fault]]:
    if schema is None:
        return None, []
    try:
        return compile_schema(schema), []
    except ValidationFailed as error:
        return None, [Fault(base + item.pointer, item.detail, item.code) for item in error.errors]
