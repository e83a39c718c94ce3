"""Rows as JSON, nothing rounded and no more of them than asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from executor.sql.session import Found
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ResponseInvalid
from registry.adapter_values import json_value


class JSONText(str):
    """The text of a JSON column, not read yet."""

    __slots__ = ()


def json_text(text: str) -> JSONText:
    return JSONText(text)


@dataclass(frozen=True, slots=True)
class Taken:
    """`truncated`: the statement has more rows than these."""

    rows: list[dict[str, Any]]
    truncated: bool


def taken(found: Found, *, max_rows: int, max_bytes: int) -> Taken:
    """The first rows, as many as both caps allow. Raises ResponseInvalid."""
    _check_names(found.columns)
    rows: list[dict[str, Any]] = []
    size = 0
    for values in found.rows:
        if len(rows) == max_rows:
            return Taken(rows, truncated=True)
        row = {name: _plain(name, value) for name, value in zip(found.columns, values, strict=True)}
        size += len(jsonsafe.dumps(row)) + 1
        if size > max_bytes:
            return Taken(rows, truncated=True)
        rows.append(row)
    return Taken(rows, truncated=False)


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, JSONText):
        return json_value(value)
    try:
        return jsonsafe.loads(str(value))
    except jsonsafe.JSONFault as fault:
        raise ResponseInvalid(f"The column {name!r} holds JSON that is not: {fault}.") from None


def _check_names(columns: Sequence[str]) -> None:
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise ResponseInvalid(
            f"The statement gives {len(twice)} name(s) to more than one column, the first "
            f"{twice[0][:80]!r}: name them apart with AS."
        )
