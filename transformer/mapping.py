"""A compiled transform: what a spec has become, ready to run in any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, TransformFailed
from integration_hub.lib.schema import Validator
from transformer import codec
from transformer.faults import TransformFault, shown
from transformer.formats.xml import xml_text
from transformer.making import Making
from transformer.paths import MISSING, WrongShape, expand, to_text
from transformer.plan import ROOT, SKIP, Enough, Rule, RuleSet, Run, Spent
from transformer.rules import evaluate, run_rules
from transformer.xsd import XSD, judge_xml


@dataclass(frozen=True, slots=True)
class Side:
    """`input` or `output` of a spec: a format by name, its options, a compiled schema.

    `schema` judges the document, `xsd` the bytes of one in XML.
    """

    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    schema: Validator | None = None
    xsd: XSD | None = None


class Outcome(NamedTuple):
    """`faults` may be there without `failed`: those that `on_error: collect` let pass."""

    result: Any
    faults: tuple[Fault, ...]
    failed: bool


@dataclass(frozen=True, slots=True)
class CompiledTransform:
    """`rules`, or else a `making`: an expression or a template. `response` says which side of
    a call it shapes: 502 or 422 when it fails."""

    rules: RuleSet | None
    making: Making | None
    input: Side
    output: Side
    timeout_ms: int | None
    response: bool

    @property
    def acts(self) -> bool:
        """Whether it does more than name formats."""
        schemas = self.input.schema or self.output.schema
        return bool(self.rules or self.making or schemas)

    def run(self, document: Any) -> Any:
        """The new document. Raises TransformFailed with every fault, up to 100."""
        outcome = self.attempt(document)
        if outcome.failed:
            count = len(outcome.faults)
            what = outcome.faults[0].detail if count == 1 else f"{count} values do not fit."
            raise TransformFailed(
                f"The transform failed: {what}", response=self.response, errors=outcome.faults
            )
        return outcome.result

    def attempt(self, document: Any, spent: Spent | None = None) -> Outcome:
        """The same without raising: what a preview shows, whose trace shares what is `spent`."""
        if self.input.schema is not None:
            faults = _against(self.input.schema, document)
            if faults:
                return Outcome(None, faults, failed=True)
        ends_at = None
        if self.timeout_ms is not None:
            ends_at = clock.monotonic() + self.timeout_ms / 1000
        run = Run([], False, ends_at, spent or Spent())
        try:
            result = self._made(document, run)
        except Enough:
            result = None
        if run.failed:
            return Outcome(None, tuple(run.faults), failed=True)
        faults = () if self.output.schema is None else _against(self.output.schema, result)
        return Outcome(result, (*run.faults, *faults), failed=bool(faults))

    def _made(self, document: Any, run: Run) -> Any:
        if self.rules is not None:
            return run_rules(self.rules, document, run)
        return document if self.making is None else self.making.make(document, run)

    def read(self, content: bytes, content_type: str) -> Any:
        """Decode as the spec's `input` says, else by content type. Raises TransformFailed."""
        document = codec.decode(
            content,
            content_type,
            format_name=self.input.format,
            options=self.input.options,
            response=self.response,
        )
        if self.input.xsd is not None and document is not None:
            text = xml_text(content, content_type)
            judge_xml(self.input.xsd, text, "document", response=self.response)
        return document

    def write(self, document: Any, kind: str) -> tuple[bytes, str]:
        """Encode as the spec's `output` says, else as `kind`. Raises TransformFailed."""
        encoded, content_type = codec.encode(
            self.output.format or kind,
            document,
            options=self.output.options,
            response=self.response,
        )
        if self.output.xsd is not None:
            judge_xml(self.output.xsd, encoded, "result", response=self.response)
        return encoded, content_type

    def trace(self, document: Any, spent: Spent) -> list[dict[str, Any]]:
        """For each outer rule, or each leaf of a template: what it read and what it gave,
        values cut and masked."""
        if self.making is not None:
            return self.making.trace(document, spent)
        rules = () if self.rules is None else self.rules.rules
        return [_trace_of(rule, document, spent) for rule in rules]


def _against(schema: Validator, value: Any) -> tuple[Fault, ...]:
    return tuple(
        TransformFault(fault.pointer, fault.detail, "SCHEMA", expected=fault.code.lower())
        for fault in schema.faults(value)
    )


def _trace_of(rule: Rule, document: Any, spent: Spent) -> dict[str, Any]:
    run = Run(spent=spent)
    try:
        given = evaluate(rule, document, run, ROOT)
    except Enough:
        given = SKIP
    secret = ("secret",) if rule.expr is not None and rule.expr.secret else ()
    names = (*(rule.source or ()), *rule.target, *secret)
    traced: dict[str, Any] = {"rule": rule.index, "target": to_text(rule.target, "")}
    # An expression is not evaluated a second time to show what it gave before the rule's steps.
    read = _what_was_read(rule, document) if rule.expr is None else _given(given)
    traced["read"] = None if read is MISSING else shown(read, names)
    traced["found"] = read is not MISSING
    traced["wrote"] = None if given is SKIP else shown(given, names)
    traced["written"] = given is not SKIP
    traced["errors"] = len(run.faults)
    return traced


def _given(value: Any) -> Any:
    return MISSING if value is SKIP else value


def _what_was_read(rule: Rule, document: Any) -> Any:
    try:
        if not rule.spreads:
            return rule.read(document)
        found = expand(document, rule.source or (), lone=rule.cardinality == "many")
    except WrongShape:
        return MISSING
    if found is None:
        return MISSING
    return [value for _, value in found if value is not MISSING]
