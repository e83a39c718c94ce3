"""The definition document: read it, judge it whole, build its spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.near import near_names
from integration_hub.lib.schema import compile_schema
from registry.adapter import adapters
from registry.building import build_spec
from registry.check import definition_checks
from registry.meta_schema import META_SCHEMA, meta_schema
from registry.name_patterns import VERSION_PATTERN
from registry.pruning import judgeable
from registry.reading import read_document
from registry.spec import DefinitionSpec

__all__ = ["META_SCHEMA", "check_document", "full_meta_schema", "parse_definition", "read_document"]

_MOST_FAULTS = 100


def parse_definition(document: Any) -> DefinitionSpec:
    """The spec. Raises ValidationFailed with every fault of the document and its pointer."""
    faults = check_document(document)
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ValidationFailed(f"The definition has {count}; see errors.", errors=faults)
    return build_spec(document)


def full_meta_schema() -> dict[str, Any]:
    """META_SCHEMA with the protocol block of every adapter that is there: what editors use."""
    schema = meta_schema({name: adapter.method_schema() for name, adapter in adapters})
    needed = [name for name in schema["required"] if name != "methods"]
    inherits = {"required": ["extends"]}
    return schema | {"required": needed, "anyOf": [{"required": ["methods"]}, inherits]}


def check_document(document: Any) -> tuple[Fault, ...]:
    """Every fault, in the document's order of pointers; at most 100."""
    if not isinstance(document, Mapping):
        return (Fault("", "A definition document is an object (a mapping).", "TYPE"),)
    shape = _shape_faults(document)
    found = dict.fromkeys((*_version_trap(document), *shape, *_type_faults(document)))
    rest = judgeable(document, shape, _shape_faults)
    if rest is not None and document.get("type") in adapters:
        found |= dict.fromkeys(_content_faults(rest))
    return tuple(_one_per_place(found))[:_MOST_FAULTS]


def _shape_faults(document: Mapping[str, Any]) -> tuple[Fault, ...]:
    adapter = document.get("type")
    if isinstance(adapter, str) and adapter in adapters:
        block = adapters.get(adapter).method_schema()
        needed = () if compile_schema(block).is_valid({}) else (adapter,)
        return compile_schema(meta_schema({adapter: block}, required=needed)).faults(document)
    protocols = {name: True for name, _ in adapters}
    if isinstance(adapter, str):
        protocols[adapter] = True  # its unknown name is a fault already
    return compile_schema(meta_schema(protocols)).faults(document)


def _version_trap(document: Mapping[str, Any]) -> Iterator[Fault]:
    """The two usual slips, in words: what YAML reads as a number, and two numbers for three."""
    version = document.get("version")
    if isinstance(version, str) and not re.fullmatch(VERSION_PATTERN, version):
        yield Fault(
            "/version",
            f"{version[:40]!r} is not a semantic version: write three numbers, like 1.2.0, or "
            "1.2.0-rc.1 before a release.",
            "PATTERN",
        )
    if isinstance(version, int | float) and not isinstance(version, bool):
        yield Fault(
            "/version",
            f"A version is text of three numbers, and {version} was read as a number: "
            f'write it whole and in quotes, like version: "{version}.0".',
            "TYPE",
        )


def _type_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    name = document.get("type")
    if not isinstance(name, str) or name in adapters:
        return
    known = ", ".join(adapters.names()) or "none"
    if name in adapters.disabled:
        detail = f"The adapter {name[:40]!r} is disabled: {adapters.disabled[name]}."
    else:
        near = near_names(name, adapters.names())
        meant = f" Did you mean {near[0]!r}?" if near else ""
        detail = f"The adapter {name[:40]!r} is unknown; known: {known}.{meant}"
    yield Fault("/type", detail, "UNKNOWN_ADAPTER")


def _content_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    spec = build_spec(document)
    for _, check in definition_checks:
        yield from check(spec)


def _one_per_place(found: Iterable[Fault]) -> Iterator[Fault]:
    """The first sentence about a place says it best; a second code there is kept."""
    seen: set[tuple[str, str]] = set()
    for fault in found:
        if (fault.pointer, fault.code) not in seen:
            seen.add((fault.pointer, fault.code))
            yield fault
