"""What the transformer has to say about a definition: every spec compiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_hub.lib import pointers
from integration_hub.lib.errors import Fault, ValidationFailed
from registry.spec import DefinitionSpec, MethodSpec
from transformer.services import compile_spec
from transformer.xsd import compile_xsd


def check_transforms(definition: DefinitionSpec) -> Iterator[Fault]:
    for name, method in definition.methods.items():
        at = pointers.join(("methods", name))
        yield from _faults_of(method.request_transform, f"{at}/request_transform", response=False)
        yield from _faults_of(method.response_transform, f"{at}/response_transform", response=True)
        yield from _xsd_faults(method, f"{at}/{definition.type}/body_xsd")


def _xsd_faults(method: MethodSpec, at: str) -> Iterator[Fault]:
    """`body_xsd` of a block whose adapter writes bodies."""
    text = method.protocol.get("body_xsd")
    if not isinstance(text, str):
        return
    if method.protocol.get("body") != "xml":
        yield Fault(at, "An XSD judges a body of XML: say `body: xml`, or leave it out.", "XSD")
    try:
        compile_xsd(text)
    except ValidationFailed as failed:
        for fault in failed.errors:
            yield Fault(at, fault.detail, fault.code)


def _faults_of(spec: Mapping[str, Any] | None, at: str, *, response: bool) -> Iterator[Fault]:
    if spec is None:
        return
    yield from _formats_that_nothing_reads(spec, at, response=response)
    if not response and _has_xsd(spec):
        detail = "The XSD of a body stands where the body is written: `body_xsd`, beside `body`."
        yield Fault(f"{at}/output/schema/xsd", detail, "NO_EFFECT")
        return
    try:
        compile_spec(spec, response=response)
    except ValidationFailed as failed:
        for fault in failed.errors:
            yield Fault(at + fault.pointer, fault.detail, fault.code)


def _formats_that_nothing_reads(
    spec: Mapping[str, Any], at: str, *, response: bool
) -> Iterator[Fault]:
    """Inside a method, only an answer has bytes to decode; the protocol block writes bodies."""
    for side in ("output",) if response else ("input", "output"):
        named = spec.get(side)
        if isinstance(named, Mapping) and "format" in named:
            detail = "Has no effect here: the method's protocol block says how a body is written."
            yield Fault(f"{at}/{side}/format", detail, "NO_EFFECT")


def _has_xsd(spec: Mapping[str, Any]) -> bool:
    output = spec.get("output")
    schema = output.get("schema") if isinstance(output, Mapping) else None
    return isinstance(schema, Mapping) and schema.keys() == {"xsd"}
