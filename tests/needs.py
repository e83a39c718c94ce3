"""What a test needs from the machine: skipped without it, except in CI."""

from __future__ import annotations

import os

import pytest


def need(there: bool, what: str) -> None:
    """Go on only with `what`. CI has installed it (.ci/run), so there it must be."""
    if there:
        return
    if os.environ.get("HUB_CI"):
        pytest.fail(f"{what} is not there, and CI skips nothing: see .ci/run.")
    pytest.skip(f"{what} is not installed here; .ci/run says with which package it is.")
