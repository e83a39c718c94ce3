"""docs/errors.md, written from `lib/errors/`: `python -m integration_hub.api.error_docs`.

A test keeps the page equal to what this makes.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from integration_hub.lib.errors import Cancelled, HubError, Poisoned, UpstreamError, is_own, tree

_HEAD = """\
# Errors
Every failure of the API is `application/problem+json` (RFC 9457). Its `code` is one of these and
never changes its meaning; its `type` is `urn:integration-hub:problem:` + the code in lower case
with hyphens. `retryable` is true only where repeating the same request is safe; `retry_after`
(seconds, also the header `Retry-After`) says when.

<!-- Written by `python -m integration_hub.api.error_docs > docs/errors.md`; do not edit. -->

| code | HTTP | retryable | what it means | what to do |
| --- | --- | --- | --- | --- |
"""
_BY_CALL = "as the call allows"


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows())


def _rows() -> Iterator[tuple[str, ...]]:
    for kind in tree():
        if kind is UpstreamError or not is_own(kind):
            continue
        yield (
            f"`{kind.code}`",
            _status(kind),
            _retryable(kind),
            kind.title,
            " ".join((inspect.getdoc(kind) or "").split()),
        )


def _status(kind: type[HubError]) -> str:
    if kind in (Poisoned, Cancelled):
        return "only in an execution"
    return "422 or 502" if kind.code == "TRANSFORM_ERROR" else str(kind.status)


def _retryable(kind: type[HubError]) -> str:
    if issubclass(kind, UpstreamError):
        return _BY_CALL
    return "yes" if kind.default_retryable else "no"


if __name__ == "__main__":
    sys.stdout.write(page())
