"""Where a result is not what was expected."""

from __future__ import annotations

from typing import Any, Final

from integration_hub.lib import jsonsafe

MOST: Final = 100
_LONGEST: Final = 200
ABSENT: Final = "(absent)"


def differences(expected: Any, got: Any) -> list[dict[str, str]]:
    """`[{"pointer", "expected", "got"}]`, up to 100; texts of JSON, cut. Empty when equal."""
    found: list[dict[str, str]] = []
    _compare("", expected, got, found)
    return found


def _compare(pointer: str, expected: Any, got: Any, found: list[dict[str, str]]) -> None:
    if len(found) >= MOST or _text(expected) == _text(got):
        return
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in [*expected, *(key for key in got if key not in expected)]:
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            _compare(place, expected.get(key, _ABSENT), got.get(key, _ABSENT), found)
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            _compare(f"{pointer}/{index}", one, other, found)
    else:
        found.append({"pointer": pointer, "expected": _cut(expected), "got": _cut(got)})


class _Absent:
    """What stands where a member is missing: not null, which is a value."""


_ABSENT = _Absent()


def _text(value: Any) -> str:
    return ABSENT if value is _ABSENT else jsonsafe.dumps_text(value)


def _cut(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
