"""What other rooms ask of the transformer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from django.conf import settings

from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.fields import json_schema
from integration_hub.lib.schema import Validator, compile_schema
from transformer import codec
from transformer.compiler import RuleCompiler
from transformer.faults import MAX_FAULTS
from transformer.format import formats
from transformer.making import Making, WholeExpression
from transformer.mapping import CompiledTransform, Side
from transformer.spec_schema import BODIES, SPEC_SCHEMA
from transformer.template import compile_template
from transformer.xsd import NO_XSD, XML_FORMATS, XSD, compile_xsd, judge_xml

MAX_COMPILED = 2_048


def decode_body(content: bytes, content_type: str) -> Any:
    """An answer's body as a document; None when empty. Raises TransformFailed (502)."""
    return codec.decode(content, content_type)


def can_decode(content_type: str) -> bool:
    """Whether an answer of this type is read as a document; one without a type is guessed."""
    return codec.can_decode(content_type)


def encode_body(kind: str, document: Any, *, xsd: str | None = None) -> tuple[bytes, str]:
    """A request's body (`json form xml text multipart`) and its content type.

    Raises TransformFailed (422) for what the format cannot hold, and for XML that does not fit
    the `xsd` (the text of one that its definition's checks have passed).
    """
    encoded, content_type = codec.encode(kind, document)
    if xsd is not None:
        judge_xml(compile_xsd(xsd), encoded, "body")
    return encoded, content_type


def compile_spec(spec: Mapping[str, Any], *, response: bool) -> CompiledTransform:
    """The transform of a spec, compiled once for equal content.

    Raises ValidationFailed with a pointer into the spec for each of its faults.
    """
    try:
        text = json.dumps(spec, ensure_ascii=False, default=dict)
    except (TypeError, ValueError) as error:
        raise ValidationFailed(f"The transform is not JSON: {error}.") from error
    return _compile(text, response, settings.HUB_EXPRESSION_ENGINE)


@lru_cache(maxsize=MAX_COMPILED)
def _compile(text: str, response: bool, engine: str) -> CompiledTransform:
    spec = json.loads(text)
    faults = tuple(islice(_shape_faults(spec), MAX_FAULTS))
    if faults:
        raise _refused((*faults, *_of_sound_rules(spec, faults, engine))[:MAX_FAULTS])
    compiler = RuleCompiler(engine)
    rules = compiler.rule_set(spec["rules"], "/rules") if "rules" in spec else None
    making = _making(spec, compiler)
    sides = {name: _side(spec.get(name, {}), name, compiler.faults) for name in ("input", "output")}
    if compiler.faults:
        raise _refused(compiler.faults[:MAX_FAULTS])
    return CompiledTransform(
        rules=rules,
        making=making,
        input=sides["input"],
        output=sides["output"],
        timeout_ms=spec.get("limits", {}).get("timeout_ms"),
        response=response,
    )


def _making(spec: Mapping[str, Any], compiler: RuleCompiler) -> Making | None:
    if "template" in spec:
        return compile_template(spec["template"], compiler)
    if "expression" in spec:
        found = compiler.expression(spec["expression"], "/expression")
        return None if found is None else WholeExpression(found)
    return None


def _of_sound_rules(spec: Any, shape: tuple[Fault, ...], engine: str) -> Iterator[Fault]:
    """What the rules of the right shape get wrong beside: one refusal names every fault."""
    rules = spec.get("rules") if isinstance(spec, dict) else None
    if len(shape) >= MAX_FAULTS:  # then some misshapen rules may not have been named
        return
    misshapen = {fault.pointer.split("/")[2] for fault in shape if fault.pointer[:7] == "/rules/"}
    compiler = RuleCompiler(engine)
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, dict) and str(number) not in misshapen:
            compiler.judge(rule, number)
    yield from compiler.faults


def _refused(faults: tuple[Fault, ...] | list[Fault]) -> ValidationFailed:
    return ValidationFailed("The transform is not valid; see errors.", errors=faults)


def _shape_faults(spec: Any) -> Iterator[Fault]:
    if isinstance(spec, dict):
        if "use" in spec:
            detail = "Names are followed when a definition is stored, and in a preview; not here."
            yield Fault("/use", detail, "NOT_RESOLVED")
            return
        bodies = [name for name in BODIES if name in spec]
        if not bodies and not spec.keys() & {"input", "output"}:
            detail = "A transform needs `rules`, an `expression` or a `template`."
            yield Fault("/rules", detail, "REQUIRED")
        for extra in bodies[1:]:
            detail = f"A transform has one body; `{bodies[0]}` stands here too."
            yield Fault(f"/{extra}", detail, "CONFLICT")
    yield from compile_schema(SPEC_SCHEMA).faults(spec)


def _side(spec: Mapping[str, Any], name: str, faults: list[Fault]) -> Side:
    xsd = _xsd(spec, name, faults)
    schema = None if xsd is not None else _schema(spec, name, faults)
    kind, options = spec.get("format"), spec.get("options", {})
    if kind is None:
        if options:
            faults.append(Fault(f"/{name}/options", "Options need a `format`.", "REQUIRED"))
        return Side(schema=schema)
    try:
        allowed = json_schema(formats.get(kind).fields)
    except UnknownPlugin as unknown:
        faults.append(Fault(f"/{name}/format", f"{unknown}.", "UNKNOWN_FORMAT"))
        return Side(schema=schema)
    faults += compile_schema(allowed).faults(options, f"/{name}/options")
    return Side(kind, options, schema, xsd)


def _xsd(spec: Mapping[str, Any], name: str, faults: list[Fault]) -> XSD | None:
    """`{"xsd": "<xs:schema …>"}`: the schema of the XML itself."""
    schema = spec.get("schema")
    if not isinstance(schema, Mapping) or schema.keys() != {"xsd"}:
        return None
    if spec.get("format") not in XML_FORMATS or not isinstance(schema["xsd"], str):
        said = f"An XSD is the text of a schema, and judges {' and '.join(XML_FORMATS)} alone."
        faults.append(Fault(f"/{name}/schema/xsd", f"{said} Say that format.", "XSD"))
        return NO_XSD
    try:
        return compile_xsd(schema["xsd"])
    except ValidationFailed as failed:
        faults += [Fault(f"/{name}/schema{f.pointer}", f.detail, f.code) for f in failed.errors]
        return NO_XSD


def _schema(spec: Mapping[str, Any], name: str, faults: list[Fault]) -> Validator | None:
    if "schema" not in spec:
        return None
    try:
        return compile_schema(spec["schema"])
    except ValidationFailed as failed:
        faults += [Fault(f"/{name}/schema{f.pointer}", f.detail, f.code) for f in failed.errors]
        return None
