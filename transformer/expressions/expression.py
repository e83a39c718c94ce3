"""An expression of a definition: compiled and run in a worker process, its errors told."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault
from integration_hub.lib.redact import is_secret_name
from transformer.engine import ExpressionFailed
from transformer.expressions import numbers
from transformer.expressions.pool import pool_of
from transformer.faults import shown
from transformer.paths import MISSING, to_text
from transformer.plan import Refused, Run

MAX_TEXT = 8 * 1024
"""Bytes of UTF-8."""
COMPILE_SECONDS = 0.5
_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Expression:
    """`reads`: which members of the document it looks at; only these are sent to it.

    `secret`: it names something that sounds secret, so its values are not shown.
    """

    text: str
    engine: str
    reads: Any
    secret: bool = field(default=False)

    def value(self, document: Any, run: Run) -> Any:
        """The result, MISSING for undefined. Raises Refused; ServiceUnavailable when no
        process is to be had."""
        left, own = settings.HUB_EXPRESSION_MS / 1000 - run.spent.seconds, run.left()
        left = left if own is None else min(left, own)
        if left <= 0:
            detail = (
                "The expressions of this transform took all the time that they have together; "
                "one expression over a whole list costs less than one for each of its items"
            )
            raise self._refused("LIMIT_TIME", detail)
        body = self._body(document)
        began = time.monotonic()
        try:
            head, result = pool_of(self.engine).ask(self._job(left), body, left)
        except ExpressionFailed as failed:
            raise self._refused(failed.code, failed.message) from None
        finally:
            run.spent.seconds += time.monotonic() - began
        if "failed" in head:
            raise self._failed(head["failed"])
        return MISSING if head["absent"] else self._result(result)

    def _job(self, seconds: float) -> dict[str, Any]:
        return {"op": "run", "text": self.text, "limits": {"seconds": seconds}}

    def _body(self, document: Any) -> bytes:
        if self.reads is None:
            return b"null"
        part = numbers.cut(document, self.reads)
        body = numbers.written(part)
        if body is not None:
            return body
        found = next(numbers.unsafe_places(part), None)
        if found is None:  # nothing of JSON: a format gave what none should
            raise self._refused("TYPE", "The expression reads what is not JSON")
        place, number = found
        detail = (
            f"The expression reads the integer at {to_text(place)}, which is beyond ±(2^53 - 1): "
            "JSONata would round it. Read it by `source`, or as text"
        )
        raise self._refused("PRECISION_LOSS", detail, number)

    def _result(self, result: bytes) -> Any:
        try:
            return numbers.parsed(result)
        except numbers.TooLarge as error:
            raise self._refused("LIMIT_SIZE", f"The result has {error}") from None
        except jsonsafe.JSONFault as fault:
            raise self._refused("LIMIT_DEPTH", f"The result is {fault.detail}") from None
        except numbers.Rounded as rounded:
            detail = (
                "The result holds an integer beyond ±(2^53 - 1), where JSONata rounds; "
                "give it as text"
            )
            raise self._refused("PRECISION_LOSS", detail, rounded.number) from None

    def _failed(self, told: dict[str, Any]) -> Refused:
        where = _where(self.text, told["position"])
        code = f" ({told['engine_code']})" if told["engine_code"] else ""
        return self._refused(told["code"], f"{told['message']}{where}{code}", told["value"])

    def _refused(self, code: str, detail: str, value: Any = None) -> Refused:
        about = MISSING if value is None else shown(value, ("password",) if self.secret else ())
        return Refused(code, detail, "a value of the expression", about, ())


def compile_expression(text: str, engine: str) -> Expression | Fault:
    """The expression, or what is wrong with it; the fault's pointer is for the caller to add.

    Raises ServiceUnavailable when no process is to be had.
    """
    wrong = _refusal(text)
    if wrong is not None:
        return wrong
    job = {"op": "compile", "text": text, "limits": {"seconds": COMPILE_SECONDS}}
    try:
        head, _ = pool_of(engine).ask(job, b"", COMPILE_SECONDS)
    except ExpressionFailed as failed:
        return Fault("", f"{failed.message}.", failed.code)
    if "failed" in head:
        told = head["failed"]
        code = f" ({told['engine_code']})" if told["engine_code"] else ""
        where = _where(text, told["position"])
        return Fault("", f"{told['message']}{where}{code}.", told["code"])
    secret = any(is_secret_name(name) for name in _NAME.findall(text))
    return Expression(text, engine, head["reads"], secret)


def _refusal(text: str) -> Fault | None:
    """What the hub does not take, whatever the engine says."""
    if len(text.encode("utf-8", "replace")) > MAX_TEXT:
        detail = f"An expression has at most {MAX_TEXT} bytes; this has more."
        return Fault("", detail, "LIMIT_SIZE")
    at = numbers.eval_at(text)
    if at is not None:
        detail = f"`$eval` is not available: data does not become code{_where(text, at)}."
        return Fault("", detail, "EXPR_COMPILE")
    literal = numbers.unsafe_literal(text)
    if literal is not None:
        detail = (
            f"{literal[1][:40]} is beyond ±(2^53 - 1), where JSONata rounds; write it in quotes"
            f"{_where(text, literal[0])}."
        )
        return Fault("", detail, "PRECISION_LOSS")
    return None


def _where(text: str, position: int | None) -> str:
    if position is None:
        return ""
    before = text[:position]
    line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
    return f" at line {line}, character {column} of the expression"
