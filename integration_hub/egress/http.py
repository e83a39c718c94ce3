"""The first door: HTTP requests to outside, and the only function that sends one."""

from __future__ import annotations

from django.conf import settings

from integration_hub.egress import adapter, policy
from integration_hub.egress.call import Call
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest, Signer
from integration_hub.egress.outgoing import prepare
from integration_hub.egress.redirect import after_a_hop, following
from integration_hub.lib.errors import TargetForbidden, UpstreamError

CONNECT_TIMEOUT = 10.0


def send(
    request: HttpRequest,
    *,
    deadline: Deadline,
    connect_timeout: float = CONNECT_TIMEOUT,
    allowed_hosts: tuple[str, ...] = (),
    redirects: int = 0,
    max_bytes: int | None = None,
    resign: Signer | None = None,
) -> HttpAnswer:
    """Send `request` as it is and return the whole answer, whatever its status.

    `allowed_hosts` are patterns of hosts that the credential may be sent to. Up to
    `redirects` redirects are followed, each judged like a first request: on the
    same origin signed anew by `resign`, elsewhere without anything but harmless
    headers. Beyond that number the redirect itself is the answer.

    Raises TargetForbidden, ConnectionFailed, TimedOut, ResponseTooLarge,
    ResponseInvalid, Cancelled, ValidationFailed.
    """
    limit = settings.HUB_MAX_RESPONSE_BYTES if max_bytes is None else max_bytes
    policy.check_host(policy.parse_url(request.url).origin, allowed_hosts)
    answer = _once(request, Call(deadline, connect_timeout=connect_timeout, max_bytes=limit))
    for _ in range(redirects):
        onward = following(answer, allowed_hosts=allowed_hosts, resign=resign)
        if onward is None:
            break
        try:
            answer = _once(onward, Call(deadline, connect_timeout=connect_timeout, max_bytes=limit))
        except TargetForbidden as error:
            raise after_a_hop(error) from None
        except UpstreamError as error:
            error.sent = True  # the first hop was, whatever became of this one
            raise
    return answer


def _once(request: HttpRequest, call: Call) -> HttpAnswer:
    call.deadline.check(sent=False)
    target = policy.parse_url(request.url)
    done = adapter.current().exchange(prepare(request, target), target, call)
    return HttpAnswer(
        status=done.response.status,
        headers=done.response.fields,
        content=done.content,
        request=request,
        wire_bytes=done.wire_bytes,
        reused=done.reused,
        timings=call.timings(),
    )
