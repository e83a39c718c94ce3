"""Parameters to a request document, and an answer to a result: steps 4 and 9 of a call."""

from __future__ import annotations

import re
from typing import Any

from executor.calls import Target
from executor.drift import seen
from integration_hub.lib import clock
from integration_hub.lib.errors import (
    AuthFailed,
    IntegrationFailed,
    ResponseInvalid,
    TransformFailed,
)
from integration_hub.lib.redact import Redactor
from integration_hub.lib.resilience import hints, transient
from registry import runtime
from registry.adapter import AdapterAnswer
from registry.spec import MethodSpec
from transformer import services as transformer
from transformer.mapping import CompiledTransform

_CHARSET = re.compile(r"charset=[\"']?([\w.:-]{1,40})", re.IGNORECASE)
READABLE_CHARS = 4_000
LOOKED_AT = 256 * 1024  # bytes: far more than masking needs to see around what is kept
_TEXT = re.compile(r"^(text/|application/(.*\+)?(json|xml|x-www-form-urlencoded)\b)", re.IGNORECASE)


def shape_request(target: Target, parameters: Any) -> tuple[Any, bool]:
    """The body that the request transform makes, and whether there is one."""
    return transformed(target.method, parameters)


def transformed(method: MethodSpec, parameters: Any) -> tuple[Any, bool]:
    """`shape_request` of a method that belongs to no instance yet."""
    spec = method.request_transform
    if spec is None:
        return None, False
    return _transform(method, spec, response=False).run(parameters), True


def judge(target: Target, answer: AdapterAnswer, redactor: Redactor) -> Any:
    """The result. Raises AuthFailed, IntegrationFailed, ResponseInvalid or TransformFailed."""
    return finish(target, answer, read(target, answer, redactor))


def read(target: Target, answer: AdapterAnswer, redactor: Redactor) -> Any:
    """The document of an answer of good status. Raises as `judge` does."""
    if answer.status is not None and answer.status >= 300:
        raise _refused(target, answer, redactor)
    document = _decode(answer, redactor, _response_transform(target))
    options = target.method.transient
    if (options.body or options.body_pattern) and _says_busy(target, answer, document):
        raise _refused(target, answer, redactor, busy=True)
    return document


def finish(target: Target, answer: AdapterAnswer, document: Any) -> Any:
    """The result that a whole document makes. Raises ResponseInvalid or TransformFailed."""
    transform = _response_transform(target)
    if transform is not None:
        document = transform.run(document)
    check_result(target, answer, document)
    return document


def _response_transform(target: Target) -> CompiledTransform | None:
    spec = target.method.response_transform
    return None if spec is None else _transform(target.method, spec, response=True)


def _transform(method: MethodSpec, spec: Any, *, response: bool) -> CompiledTransform:
    """Compiled once for a method as it was loaded, and then not even compared again."""
    kind = "response_transform" if response else "request_transform"
    found: CompiledTransform | None = method.memo.get(kind)
    if found is None:
        found = method.memo[kind] = transformer.compile_spec(spec, response=response)
    return found


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


def check_result(target: Target, answer: AdapterAnswer, document: Any) -> None:
    """Raise ResponseInvalid for a result that breaks `result_schema`; or count it, as told."""
    validator = runtime.result_validator(target.method)
    if validator is None:
        return
    faults = validator.faults(document, "/data")
    if faults and target.method.tolerant:
        seen.count(target, faults, document)
    elif faults:
        raise ResponseInvalid(
            f"The result of {target.method.name} breaks its result_schema in {len(faults)} "
            "place(s); the external system changed, or the definition is wrong.",
            errors=faults,
            upstream_status=answer.status,
        )


def _refused(
    target: Target, answer: AdapterAnswer, redactor: Redactor, *, busy: bool = False
) -> IntegrationFailed | AuthFailed:
    status = answer.status
    details: dict[str, Any] = {
        "upstream_status": status,
        "upstream_body": readable(answer.content, answer.content_type, redactor),
    }
    if status in (401, 403):
        return AuthFailed(
            f"The external system {answer.said or f'answered {status}'}; check the credential "
            f"of instance {target.instance.slug} and what it is allowed to do.",
            **details,
        )
    wait = hints.wait_seconds(answer.headers, clock.now(), status)
    if status is not None and 300 <= status < 400:
        said = f"redirected ({status}), further than the {target.method.name} definition allows"
    elif status is not None and status < 300:
        said = f"answered {status} with a body that the definition calls transient"
    else:
        said = answer.said or f"answered {status}"
    return IntegrationFailed(
        f"The external system {said}.",
        retry_after=wait,
        transient=busy or _is_transient(target, answer, redactor),
        **details,
    )


def _is_transient(target: Target, answer: AdapterAnswer, redactor: Redactor) -> bool:
    """Whether a refusal is worth another try: by its status, else by its body."""
    rule = transient.compile_rule(target.method.transient)
    if answer.status is None or answer.status in transient.NEVER:
        return False
    if rule.says_status(answer.status):
        return True
    if rule.body is None and rule.pattern is None:
        return False
    try:
        document = _decode(answer, redactor)
    except ResponseInvalid:
        document = None
    return _says_busy(target, answer, document)


def _says_busy(target: Target, answer: AdapterAnswer, document: Any) -> bool:
    rule = transient.compile_rule(target.method.transient)
    return rule.says_body(document, lambda: answer.content[:LOOKED_AT].decode("utf-8", "replace"))


def readable(content: bytes, content_type: str, redactor: Redactor) -> str:
    """A body as it may be shown: text only, masked, then cut (never the other way round)."""
    if not content:
        return ""
    if content_type and not _TEXT.match(content_type):
        return f"({len(content)} bytes of {content_type[:80]})"
    return redactor.text(_shown(content[:LOOKED_AT], content_type), READABLE_CHARS)


def _shown(content: bytes, content_type: str) -> str:
    """For people: the characters where the charset is known, marks for what is not."""
    declared = _CHARSET.search(content_type)
    try:
        return content.decode(declared[1] if declared else "utf-8", "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")
