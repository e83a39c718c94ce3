"""A transform tried on a sample: its result, every error, and what each rule did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.errors import Fault, TransformFailed
from transformer.mapping import CompiledTransform
from transformer.named.using import spec_of
from transformer.plan import Spent
from transformer.services import compile_spec


def preview(*, spec: Mapping[str, Any], sample: Any) -> dict[str, Any]:
    """`{"result", "errors", "trace"}`; a sample that is text is decoded if the spec names a format.

    Raises ValidationFailed for a spec that does not compile.
    """
    compiled = compile_spec(spec_of(spec), response=False)
    try:
        document = _decoded(compiled, sample)
    except TransformFailed as failed:
        return _answer(None, failed.errors, [])
    spent = Spent()
    outcome = compiled.attempt(document, spent)
    return _answer(outcome.result, outcome.faults, compiled.trace(document, spent))


def _decoded(compiled: CompiledTransform, sample: Any) -> Any:
    if isinstance(sample, str) and compiled.input.format is not None:
        return compiled.read(sample.encode(), "; charset=utf-8")
    return sample


def _answer(result: Any, faults: tuple[Fault, ...], trace: list[dict[str, Any]]) -> dict[str, Any]:
    return {"result": result, "errors": [fault.as_dict() for fault in faults], "trace": trace}
