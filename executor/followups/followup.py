"""What an execution of several requests knows between two of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from executor.calls import Target
from registry.adapter import AdapterAnswer, Onward


@dataclass(frozen=True, slots=True)
class Taken:
    """`wait` is None when the result is whole, else the seconds until the next request.

    `notes` are members that stand beside the result in the answer.
    """

    data: Any = None
    wait: float | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


class FollowUp(ABC):
    """One kind of several requests. Holds plain JSON values only, so that it can be kept."""

    kind: ClassVar[str]

    def __init__(self, target: Target, parameters: Mapping[str, Any]) -> None:
        self.target = target
        self.parameters = parameters

    @property
    @abstractmethod
    def underway(self) -> bool:
        """Whether an answer was taken: from then on the first request is never sent again."""

    @property
    @abstractmethod
    def safe(self) -> bool:
        """Whether the next request may be repeated, whatever the method as a whole is."""

    @property
    def precious(self) -> bool:
        """Whether what was just taken must be kept at once, because it cannot be had again."""
        return False

    @abstractmethod
    def onward(self) -> Onward | None:
        """The next request; None for the method's own."""

    @abstractmethod
    def take(self, answer: AdapterAnswer, document: Any) -> Taken:
        """Take in an answer of good status. Raises an UpstreamError, with nothing taken."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Be as when `state` was taken."""

    @abstractmethod
    def so_far(self) -> Mapping[str, Any]:
        """What a problem tells of a run that ended underway."""
