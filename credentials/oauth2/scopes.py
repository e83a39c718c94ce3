"""Scopes asked for and granted: a list in one text, its order without meaning (RFC 6749 §3.3)."""

from __future__ import annotations

from typing import Any


def names_of(value: Any) -> list[str]:
    """From a text or a list, each name once, in their order."""
    given = value.split() if isinstance(value, str) else list(value or ())
    return list(dict.fromkeys(str(name) for name in given))


def text_of(value: Any) -> str:
    return " ".join(names_of(value))


def missing(asked: str, granted: str) -> str:
    """What was asked for and not granted, in the order of asking."""
    have = set(names_of(granted))
    return " ".join(name for name in names_of(asked) if name not in have)


def warning_of(lacking: str) -> str:
    """What a person should know of a grant that lacks these scopes; empty when it lacks none."""
    if not lacking:
        return ""
    return (
        f"Granted less than was asked for: {lacking[:160]} is missing. Calls that need it will "
        "be refused; connect again and allow all of it."
    )
