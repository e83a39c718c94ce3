"""What went wrong in a transform: contract's error, one a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, TransformFailed
from integration_hub.lib.redact import MASK, Redactor, is_secret_name

MAX_FAULTS = 100
MAX_VALUE = 256
_redactor = Redactor()


@dataclass(frozen=True, slots=True)
class TransformFault(Fault):
    """`pointer` leads into the input. Members that say nothing are left out of the answer."""

    rule: int | None = None
    target: str | None = None
    source_path: str | None = None
    value: str | None = None
    expected: str | None = None
    line: int | None = None
    column: int | None = None

    def as_dict(self) -> dict[str, Any]:
        # Zero-argument super() does not work in a dataclass with slots.
        said = Fault.as_dict(self)
        for name in ("rule", "target", "source_path", "value", "expected", "line", "column"):
            member = getattr(self, name)
            if member is not None:
                said[name] = member
        return said


def row_fault(
    detail: str,
    *,
    line: int,
    column: int | None = None,
    code: str = "FORMAT_PARSE",
    source_path: str | None = None,
    value: str | None = None,
    expected: str | None = None,
) -> TransformFault:
    """One of several in a document of rows."""
    return TransformFault(
        "",
        detail,
        code,
        source_path=source_path,
        value=value,
        expected=expected,
        line=line,
        column=column,
    )


def parse_failures(faults: list[TransformFault]) -> TransformFailed:
    """The bytes are not what their format says, in each of these places."""
    count = f"{MAX_FAULTS} or more" if len(faults) >= MAX_FAULTS else str(len(faults))
    detail = faults[0].detail if len(faults) == 1 else f"{count} rows are wrong; see errors."
    return TransformFailed(detail, errors=faults)


def parse_failed(
    detail: str,
    *,
    code: str = "FORMAT_PARSE",
    line: int | None = None,
    column: int | None = None,
    expected: str | None = None,
) -> TransformFailed:
    """The bytes are not what their format says."""
    fault = TransformFault("", detail, code, line=line, column=column, expected=expected)
    return TransformFailed(detail, errors=[fault])


def encode_failed(pointer: str, detail: str, expected: str | None = None) -> TransformFailed:
    """The document holds what the format cannot."""
    return TransformFailed(
        f"{detail} (at {pointer or 'the document'})",
        errors=[TransformFault(pointer, detail, "TYPE", expected=expected)],
    )


def shown(value: Any, names: tuple[Any, ...] = ()) -> str:
    """A value for people: cut, and masked where a name on the way to it sounds secret."""
    if any(isinstance(name, str) and is_secret_name(name) for name in names):
        return MASK
    if isinstance(value, str):
        return value if len(value) <= MAX_VALUE else value[: MAX_VALUE - 1] + "…"
    text = jsonsafe.dumps_text(_redactor.value(value))
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
