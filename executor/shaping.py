"""Parameters to a request document, and an answer to a result: steps 4 and 9 of a call."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jmespath

from executor.calls import Target
from integration_hub.lib import clock
from integration_hub.lib.errors import (
    AuthFailed,
    IntegrationFailed,
    ResponseInvalid,
    TransformFailed,
)
from integration_hub.lib.redact import Redactor
from integration_hub.lib.resilience import retry
from registry import runtime
from registry.adapter import AdapterAnswer
from registry.spec import MethodSpec
from transformer import services as transformer
from transformer.mapping import CompiledTransform

READABLE_CHARS = 4_000
_LOOKED_AT = 256 * 1024  # bytes: far more than masking needs to see around what is kept
_TEXT = re.compile(r"^(text/|application/(.*\+)?(json|xml|x-www-form-urlencoded)\b)", re.IGNORECASE)


def shape_request(target: Target, parameters: Any) -> tuple[Any, bool]:
    """The body that the request transform makes, and whether there is one."""
    spec = target.method.request_transform
    if spec is None:
        return None, False
    return _transform(target.method, spec, response=False).run(parameters), True


def judge(target: Target, answer: AdapterAnswer, redactor: Redactor) -> Any:
    """The result. Raises AuthFailed, IntegrationFailed, ResponseInvalid or TransformFailed."""
    if answer.status is not None and answer.status >= 300:
        raise _refused(target, answer, redactor)
    spec = target.method.response_transform
    transform = None if spec is None else _transform(target.method, spec, response=True)
    document = _decode(answer, redactor, transform)
    if _says_busy(target, document):
        raise _refused(target, answer, redactor)
    if transform is not None:
        document = transform.run(document)
    _check_result(target, answer, document)
    return document


def _transform(method: MethodSpec, spec: Any, *, response: bool) -> CompiledTransform:
    """Compiled once for a method as it was loaded, and then not even compared again."""
    kind = "response_transform" if response else "request_transform"
    found: CompiledTransform | None = method.memo.get(kind)
    if found is None:
        found = method.memo[kind] = transformer.compile_spec(spec, response=response)
    return found


def is_transient(target: Target, status: int | None) -> bool:
    """Whether an answer of this status is worth another try."""
    return status is not None and retry.is_transient_status(target.method.transient, status)


def _decode(
    answer: AdapterAnswer, redactor: Redactor, transform: CompiledTransform | None = None
) -> Any:
    """By the transform's `input` where it names a format, else by content type."""
    if not answer.content:
        return None
    read = transformer.decode_body if transform is None else transform.read
    try:
        return read(answer.content, answer.content_type)
    except TransformFailed as error:
        raise ResponseInvalid(
            f"The answer could not be read as {answer.content_type or 'its content type'}: "
            f"{redactor.text(error.detail)}",
            errors=error.errors,
            upstream_status=answer.status,
            upstream_body=readable(answer.content, answer.content_type, redactor),
        ) from error


def _check_result(target: Target, answer: AdapterAnswer, document: Any) -> None:
    validator = runtime.result_validator(target.method)
    if validator is None:
        return
    faults = validator.faults(document, "/data")
    if faults:
        raise ResponseInvalid(
            f"The result of {target.method.name} breaks its result_schema in {len(faults)} "
            "place(s); the external system changed, or the definition is wrong.",
            errors=faults,
            upstream_status=answer.status,
        )


def _refused(
    target: Target, answer: AdapterAnswer, redactor: Redactor
) -> IntegrationFailed | AuthFailed:
    status = answer.status
    details: dict[str, Any] = {
        "upstream_status": status,
        "upstream_body": readable(answer.content, answer.content_type, redactor),
    }
    if status in (401, 403):
        return AuthFailed(
            f"The external system answered {status}; check the credential of instance "
            f"{target.instance.slug} and what it is allowed to do.",
            **details,
        )
    wait = retry.retry_after_seconds(answer.headers, clock.now())
    if status is not None and 300 <= status < 400:
        said = f"redirected ({status}), further than the {target.method.name} definition allows"
    elif status is not None and status < 300:
        said = f"answered {status} with a body that the definition calls transient"
    else:
        said = f"answered {status}"
    return IntegrationFailed(f"The external system {said}.", retry_after=wait, **details)


def _says_busy(target: Target, document: Any) -> bool:
    """Whether an answer of good status has the body that the definition calls transient."""
    expression = target.method.transient.body
    return bool(expression) and bool(_compiled(expression).search(document))


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)


def readable(content: bytes, content_type: str, redactor: Redactor) -> str:
    """A body as it may be shown: text only, masked, then cut (never the other way round)."""
    if not content:
        return ""
    if content_type and not _TEXT.match(content_type):
        return f"({len(content)} bytes of {content_type[:80]})"
    return redactor.text(content[:_LOOKED_AT].decode("utf-8", "replace"), READABLE_CHARS)
