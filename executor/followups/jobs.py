"""Jobs of the external system: started once, looked after until they are done.

The first request is never sent again once it was accepted. In a worker the address of
the job is kept at once, so that the death of its process costs nothing but time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from executor.followups.addresses import resolved
from executor.followups.followup import FollowUp, Taken
from executor.followups.job_options import JobOptions, options_of
from integration_hub.lib import clock
from integration_hub.lib.errors import IntegrationFailed, ResponseInvalid, TimedOut
from integration_hub.lib.resilience import hints
from registry.adapter import AdapterAnswer, Onward
from transformer import paths

START, LOOK, FETCH = "start", "look", "fetch"
ACCEPTED = 202


class Job(FollowUp):
    """`phase` is what the next request does."""

    kind: ClassVar[str] = "job"

    def __init__(self, target: Any, parameters: Mapping[str, Any]) -> None:
        super().__init__(target, parameters)
        self.options: JobOptions = options_of(target.method)  # type: ignore[assignment]  # asked by `begin`
        self.phase = START
        self.address = ""
        self.looks = 0

    @property
    def underway(self) -> bool:
        return self.phase != START

    @property
    def safe(self) -> bool:
        return self.underway or self.target.method.idempotent

    @property
    def precious(self) -> bool:
        return self.phase == LOOK and self.looks == 0 and not self.target.safe

    def onward(self) -> Onward | None:
        return Onward(address=self.address, look=True) if self.underway else None

    def take(self, answer: AdapterAnswer, document: Any) -> Taken:
        if self.phase == FETCH:
            return self._whole(document)
        if self.phase == START:
            return self._started(answer, document)
        self.looks += 1
        return self._looked(answer, document)

    def state(self) -> dict[str, Any]:
        return {"phase": self.phase, "address": self.address, "looks": self.looks}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.phase, self.address = state["phase"], state["address"]
        self.looks = state["looks"]

    def so_far(self) -> Mapping[str, Any]:
        return {"job": {"polls": self.looks}}

    def _started(self, answer: AdapterAnswer, document: Any) -> Taken:
        if self._is_done(answer, document, first=True):
            return self._whole(document)
        address = self._address(answer, document, self.options.url)
        if not address:
            raise ResponseInvalid("The job was accepted without an address of its state.")
        self.phase, self.address = LOOK, address
        return Taken(wait=self._wait(answer))

    def _looked(self, answer: AdapterAnswer, document: Any) -> Taken:
        if not self._is_done(answer, document):
            if self.looks >= self.options.max_polls:
                raise TimedOut(f"The job was still at work after {self.looks} looks.", sent=True)
            return Taken(wait=self._wait(answer))
        if self.options.result_url is None:
            return self._whole(document)
        address = self._address(answer, document, self.options.result_url)
        if not address:
            raise ResponseInvalid("The job is done, without an address of its result.")
        self.phase, self.address = FETCH, address
        return Taken(wait=0.0)

    def _whole(self, document: Any) -> Taken:
        return Taken(data=document, notes={"job": {"polls": self.looks}})

    def _is_done(self, answer: AdapterAnswer, document: Any, *, first: bool = False) -> bool:
        """Raises IntegrationFailed for a job that failed."""
        if self.options.status is None:
            return answer.status != ACCEPTED
        word = _at(document, self.options.status)
        if _one_of(word, self.options.failed):
            raise IntegrationFailed("The external system took the job, and the job failed.")
        if word is paths.MISSING and first:
            return answer.status != ACCEPTED and not self._named(answer, document)
        return _one_of(word, self.options.done)

    def _named(self, answer: AdapterAnswer, document: Any) -> bool:
        return bool(self._address(answer, document, self.options.url))

    def _address(
        self, answer: AdapterAnswer, document: Any, where: tuple[paths.Step, ...] | None
    ) -> str:
        found = (
            answer.headers.get(self.options.url_header) if where is None else _at(document, where)
        )
        return resolved(answer, found) if isinstance(found, str) and found else ""

    def _wait(self, answer: AdapterAnswer) -> float:
        asked = hints.wait_seconds(answer.headers, clock.now(), answer.status) or 0.0
        return max(self.options.interval, asked)


def _at(document: Any, steps: tuple[paths.Step, ...]) -> Any:
    try:
        return paths.walk(document, steps)
    except paths.WrongShape:
        return paths.MISSING


def _one_of(word: Any, words: tuple[Any, ...]) -> bool:
    return any(type(word) is type(known) and word == known for known in words)
