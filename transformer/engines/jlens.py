"""JSONata by jlens (Rust): the default, bounded in time, depth, steps and sizes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jlens

from transformer.engine import Engine, ExpressionFailed, Limits, Program, code_of_run, engines


class JlensProgram(Program):
    def __init__(self, expression: jlens.Expression) -> None:
        self._expression = expression
        # `eval` is bound to nothing, so that it reads nothing.
        self.reads = expression.reads({"eval": None}).get("input")

    def run(
        self, document: bytes | None, *, bindings: Mapping[str, Any], limits: Limits
    ) -> bytes | None:
        try:
            result = self._expression.evaluate_json(
                None if document is None else document.decode(),
                dict(bindings),
                timeout=limits.seconds,
                max_depth=limits.depth,
                max_steps=limits.steps,
                max_string_length=limits.string,
                max_array_length=limits.array,
                max_result_size=limits.result,
            )
        except jlens.JlensError as error:
            raise _failed(error, code_of_run(error.code)) from None
        return None if result is None else result.encode()


@engines.register("jlens")
class JlensEngine(Engine):
    name = "jlens"

    def compile(self, text: str) -> Program:
        try:
            return JlensProgram(jlens.Expression(text))
        except jlens.JlensError as error:
            raise _failed(error, "EXPR_COMPILE") from None
        except UnicodeEncodeError as error:
            detail = "Half of a surrogate pair, which is no character"
            raise ExpressionFailed("EXPR_COMPILE", detail, position=error.start) from None


def _failed(error: jlens.JlensError, code: str) -> ExpressionFailed:
    # `start` is where the part begins that a person has to look at.
    place = error.position if error.start is None else error.start
    return ExpressionFailed(
        code, str(error), engine_code=error.code, position=place, value=error.value
    )
