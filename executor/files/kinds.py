"""Which answers become files."""

from __future__ import annotations

from functools import lru_cache

from executor.files.spool import Spool
from executor.run import Run
from registry.spec import MethodSpec
from transformer import services as transformer

FILE = "file"


def spool_for(run: Run) -> Spool | None:
    """None where an answer is a document whatever it says it is."""
    method = run.target.method
    if not may_be_file(method):
        return None
    return Spool(
        _always if method.protocol.get("answer") == FILE else _is_no_document,
        lambda: run.secrets,
        retryable=run.target.safe,
    )


def may_be_file(method: MethodSpec) -> bool:
    """A method that maps or joins its answers needs documents."""
    return method.response_transform is None and method.pagination is None


def is_private(method: MethodSpec) -> bool:
    """Whether the result has values that only who called may see."""
    return any(path.startswith("result") for path in method.sensitive)


def _always(_: str) -> bool:
    return True


@lru_cache(maxsize=1024)
def _is_no_document(content_type: str) -> bool:
    return not transformer.can_decode(content_type)
