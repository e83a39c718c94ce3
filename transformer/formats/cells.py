"""Fields of a row that are to be more than text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transformer.faults import TransformFault, row_fault, shown
from transformer.types import TYPES, Unfit


def typed(row: dict[str, Any], kinds: Mapping[str, str], line: int) -> Iterator[TransformFault]:
    """Convert these columns of `row`, in place; a fault for each that does not fit."""
    for name, kind in kinds.items():
        text = row[name]
        if text == "" and kind != "string":
            row[name] = None
            continue
        try:
            row[name] = TYPES[kind](text)
        except Unfit as unfit:
            yield row_fault(
                f"The column {name[:80]!r} takes {unfit.expected} (line {line}).",
                code=unfit.code,
                line=line,
                source_path=name,
                value=shown(text, (name,)),
                expected=unfit.expected,
            )
