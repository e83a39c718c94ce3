"""What django-q2 runs for credentials; it takes no data."""

from __future__ import annotations

from credentials import renewing


def attend() -> None:
    """Look after credentials that end soon or lie idle; what is left is the next minute's."""
    renewing.attend()
