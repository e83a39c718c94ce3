"""An instance's config: defaults filled, judged by the adapter's and the definition's schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_hub.egress import policy
from integration_hub.lib.errors import Fault
from integration_hub.lib.schema import compile_schema
from registry.adapter import adapters
from registry.spec import DefinitionSpec
from registry.upstream import http_addresses, upstream_of

Config = dict[str, Any]


def filled(spec: DefinitionSpec, given: Mapping[str, Any]) -> Config:
    """`given` over the definition's `default_config` over the defaults of the schemas."""
    config = _merged(spec.default_config, given)
    for schema in config_schemas(spec):
        _fill(config, schema)
    return config


def config_faults(spec: DefinitionSpec, config: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Every fault of a filled config, pointers from `/config`; one sentence a place and code."""
    found: dict[tuple[str, str], Fault] = {}
    for schema in config_schemas(spec):
        for fault in compile_schema(schema).faults(dict(config), "/config"):
            found.setdefault((fault.pointer, fault.code), fault)
    return tuple(found.values())


def config_schemas(spec: DefinitionSpec) -> Iterator[dict[str, Any]]:
    """The adapter's schema and the definition's.

    Beside a definition's own schema the adapter's is left open: which other
    members there are is the definition's to say.
    """
    if spec.type in adapters:
        own = dict(adapters.get(spec.type).config_schema())
        if spec.config_schema is not None:
            own.pop("additionalProperties", None)
        yield own
    if spec.config_schema is not None:
        yield dict(spec.config_schema)


def check_target(config: Mapping[str, Any]) -> None:
    """Raises TargetForbidden for an address in it that can never be called: a literal one that
    the policy forbids, or no URL at all. What a name resolves to is judged at each connect."""
    base = config.get("base_url")
    if isinstance(base, str) and base:
        policy.check_url(base)
        return
    for url in http_addresses(config):
        policy.check_url(url)
    host, _, port = upstream_of(config).rpartition(":")
    if host:
        origin = policy.tcp_origin(host, int(port) if port.isdecimal() else 1)
        if origin.address is not None:
            policy.permitted(origin, [origin.address])


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Config:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(under, value) if both else value  # type: ignore[arg-type]  # `both` says that they are mappings
    return merged


def _fill(config: Config, schema: Mapping[str, Any]) -> None:
    properties = schema.get("properties")
    for name, member in (properties or {}).items():
        if not isinstance(member, Mapping):
            continue
        if name not in config and "default" in member:
            config[name] = member["default"]
        if isinstance(config.get(name), dict):
            config[name] = dict(config[name])
            _fill(config[name], member)
