"""The expression-engine contract and its catalog: a JSONata text to a program, JSON in and out.

An engine runs inside the worker process, which has no Django: this module and the
engines import nothing of the hub but the catalog.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog

LANGUAGE = "jsonata/2.2"
NO_EVAL: Mapping[str, Any] = {"eval": None}
"""Bindings of every run: nothing makes code of data."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may use. Strings and results count in bytes, arrays in items."""

    seconds: float = 0.5
    depth: int = 200
    steps: int = 2_000_000
    string: int = 10_000_000
    array: int = 1_000_000
    result: int = 10_000_000


class ExpressionFailed(Exception):
    """`code` is the hub's (EXPR_COMPILE, EXPR_RUNTIME, LIMIT_…), `engine_code` JSONata's.

    `position` counts characters from the start of the text; `value` is what the message
    speaks of, which may be a secret.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        engine_code: str = "",
        position: int | None = None,
        value: Any = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.engine_code = code, message, engine_code
        self.position, self.value = position, value


class Program(ABC):
    """A compiled expression. `reads` says which members of the document it may look at:
    True for all of it, None for nothing, else a mapping of names to the same."""

    reads: Any = True

    @abstractmethod
    def run(
        self, document: bytes | None, *, bindings: Mapping[str, Any], limits: Limits
    ) -> bytes | None:
        """The result as JSON text, None for undefined. Raises ExpressionFailed."""


class Engine(ABC):
    name: ClassVar[str]

    @abstractmethod
    def compile(self, text: str) -> Program:
        """Raises ExpressionFailed with the code EXPR_COMPILE."""


engines: Catalog[Engine] = Catalog("expression engine")

_LIMITS = {
    "D1011": "LIMIT_DEPTH",
    "D1012": "LIMIT_TIME",
    "D2014": "LIMIT_SIZE",
    "D2016": "LIMIT_SIZE",
    "U1001": "LIMIT_SIZE",
    "U1006": "LIMIT_STEPS",
}


def code_of_run(engine_code: str) -> str:
    """The hub's code for an engine's, of an expression that compiled."""
    return _LIMITS.get(engine_code, "EXPR_RUNTIME")
