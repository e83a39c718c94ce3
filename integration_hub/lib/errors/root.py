"""What every error has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place.

    `pointer` is an RFC 6901 JSON pointer into what the caller sent ("" is the whole).
    """

    pointer: str
    detail: str
    code: str = "INVALID"

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "detail": self.detail, "code": self.code}


class HubError(Exception):
    """The root: a stable `code`, an HTTP status and a sentence that is safe to show.

    `retryable` is True only where sending the same request again is safe.
    `retry_after` is in seconds. `extra` becomes extension members of the problem
    document (RFC 9457), so it must never hold a secret.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500
    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        errors: Iterable[Fault] = (),
        suggestions: Iterable[str] = (),
        retry_after: float | None = None,
        retryable: bool | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.suggestions = tuple(suggestions)[:3]
        self.retry_after = retry_after
        self.retryable = self.default_retryable if retryable is None else retryable
        self.extra = dict(extra or {})
        self.http_status = self.status


def is_own(kind: type[HubError]) -> bool:
    """Whether it is one of this package: a test or a plug-in may derive others."""
    return kind.__module__.rpartition(".")[0] == __package__


def tree(root: type[HubError] = HubError) -> Iterator[type[HubError]]:
    """Every error class below `root`, depth first, in the order of definition."""
    for leaf in root.__subclasses__():
        yield leaf
        yield from tree(leaf)
