"""JSONata by jsonata-python (pure Python), patterns by RE2: the fallback.

It bounds time and depth by itself; strings, arrays and memory are bounded by the limits
of the process that it runs in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import re2
from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.regex_engine import RegexFlags
from jsonata.utils import Utils

from transformer.engine import Engine, ExpressionFailed, Limits, Program, code_of_run, engines

_SLOT = re.compile(r"\{+\w+\}+")


class PythonProgram(Program):
    def __init__(self, expression: Jsonata) -> None:
        expression.set_output_convert_nulls(False)  # else null and undefined are the same
        self._expression = expression

    def run(
        self, document: bytes | None, *, bindings: Mapping[str, Any], limits: Limits
    ) -> bytes | None:
        # The bounds count from here, not from the compilation.
        self._expression.environment.set_runtime_bounds(int(limits.seconds * 1000), limits.depth)
        given = None if document is None else json.loads(document)
        try:
            result = self._expression.evaluate(given, dict(bindings))
            return _written(result, limits)
        except JException as error:
            raise _failed(error, code_of_run(error.error)) from None
        except RecursionError:
            raise ExpressionFailed("LIMIT_DEPTH", "The evaluation goes too deep") from None
        except MemoryError:
            raise ExpressionFailed("LIMIT_SIZE", "The evaluation needs too much memory") from None
        except (
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            RuntimeError,
        ) as error:
            # This engine lets some faults of the expression through as Python's.
            detail = f"The expression cannot do this to these values ({type(error).__name__})"
            raise ExpressionFailed("EXPR_RUNTIME", detail) from None


@engines.register("jsonata_python")
class PythonEngine(Engine):
    name = "jsonata_python"

    def compile(self, text: str) -> Program:
        try:
            return PythonProgram(Jsonata(text, _pattern))
        except JException as error:
            raise _failed(error, "EXPR_COMPILE") from None
        except RecursionError:
            detail = "The expression is nested too deeply"
            raise ExpressionFailed("EXPR_COMPILE", detail) from None
        except re2.error as error:
            detail = f"A pattern that RE2 does not take: {error}"
            raise ExpressionFailed("EXPR_COMPILE", detail) from None
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            detail = f"The text is no expression ({type(error).__name__})"
            raise ExpressionFailed("EXPR_COMPILE", detail) from None


def _pattern(pattern: str, flags: RegexFlags) -> Any:
    """Linear in time, whatever the pattern."""
    options = re2.Options()
    options.case_sensitive = not flags.case_insensitive
    options.log_errors = False
    return re2.compile(f"(?m){pattern}" if flags.multiline else pattern, options)


def _written(result: Any, limits: Limits) -> bytes | None:
    if result is None or Utils.is_function(result):
        return None
    text = json.dumps(_plain(result), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    raw = text.encode("utf-8", "replace")
    if len(raw) > limits.result:
        detail = f"The result would exceed the size limit of {limits.result} bytes"
        raise ExpressionFailed("LIMIT_SIZE", detail)
    return raw


def _plain(value: Any) -> Any:
    """The engine's own lists and its null as those of JSON."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if not Utils.is_function(item)}
    if isinstance(value, Utils.RangeList):
        return list(range(value.a, value.b + 1))
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is Utils.NULL_VALUE or Utils.is_function(value):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _failed(error: JException, code: str) -> ExpressionFailed:
    place = error.location if error.location >= 0 else None
    message = str(error)
    if code != "EXPR_COMPILE":  # what it speaks of are values of the document
        said = str(JException.error_codes.get(error.error) or "The evaluation failed")
        message = _SLOT.sub("…", said)
    return ExpressionFailed(code, message, engine_code=error.error, position=place)
