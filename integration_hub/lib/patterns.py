"""Regular expressions that others wrote, searched in time linear in the text (Rust's `regex`)."""

from __future__ import annotations

from functools import lru_cache

import jsonschema_rs

_LINEAR = jsonschema_rs.RegexOptions(size_limit=2 * 1024 * 1024)


class BadPattern(ValueError):
    """Not an expression of that engine: it has no look-around and no back-references."""


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> LinearPattern:
    """Raises BadPattern."""
    return LinearPattern(text)


class LinearPattern:
    def __init__(self, text: str) -> None:
        schema = {"type": "string", "pattern": text}
        try:
            self._validator = jsonschema_rs.validator_for(schema, pattern_options=_LINEAR)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise BadPattern(
                "not a regular expression; look-around and back-references are not known here"
            ) from error

    def found_in(self, text: str) -> bool:
        return self._validator.is_valid(text)
