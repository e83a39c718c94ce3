"""A 401 that asks for more than was sent (RFC 9110 §11): answered once, to who may hear it.

A server that refuses with 401 has not done what was asked, so the request may be sent
again whatever its method.
"""

from __future__ import annotations

from integration_hub.egress import policy
from integration_hub.egress.door import Challenged, HttpAnswer, HttpRequest


class Challenge:
    """What may be answered in one call: the first 401 of `origin`, and no other."""

    def __init__(self, answer_challenge: Challenged | None, origin: policy.Origin) -> None:
        self._answer, self._origin = answer_challenge, origin

    def answered(self, answer: HttpAnswer) -> HttpRequest | None:
        """The request to send instead; None leaves the answer as it is."""
        if answer.status != 401 or self._answer is None:
            return None
        if policy.parse_url(answer.request.url).origin != self._origin:
            return None
        respond, self._answer = self._answer, None
        signed = respond(answer)
        if signed is None or policy.parse_url(signed.request.url).origin != self._origin:
            return None
        return signed.request
