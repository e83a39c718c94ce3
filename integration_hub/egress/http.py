"""The first door: HTTP requests to outside, and the only function that sends one."""

from __future__ import annotations

from django.conf import settings

from integration_hub.egress import adapter, policy
from integration_hub.egress.call import Call
from integration_hub.egress.challenge import Challenge
from integration_hub.egress.door import (
    Challenged,
    Deadline,
    HttpAnswer,
    HttpRequest,
    Signer,
    Spool,
    TlsOptions,
)
from integration_hub.egress.outgoing import prepare
from integration_hub.egress.redirect import after_a_hop, following
from integration_hub.lib.errors import Cancelled, TargetForbidden, UpstreamError

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
    answer_challenge: Challenged | None = None,
    tls: TlsOptions | None = None,
    spool: Spool | None = None,
) -> HttpAnswer:
    """Send `request` as it is and return the whole answer, whatever its status.

    `allowed_hosts` are patterns of hosts that the credential may be sent to. Up to
    `redirects` redirects are followed, each judged like a first request: on the
    same origin signed anew by `resign`, elsewhere without anything but harmless
    headers. Beyond that number the redirect itself is the answer. The first 401 of
    the first origin may be answered by `answer_challenge` with one more request. `tls`
    holds for the first origin alone. A `spool` takes the body of the answer that it wants.

    Raises TargetForbidden, ConnectionFailed, TimedOut, ResponseTooLarge,
    ResponseInvalid, Cancelled, ValidationFailed.
    """
    limit = settings.HUB_MAX_RESPONSE_BYTES if max_bytes is None else max_bytes
    origin = policy.parse_url(request.url).origin
    policy.check_host(origin, allowed_hosts)

    challenge = Challenge(answer_challenge, origin)

    def once(request: HttpRequest) -> HttpAnswer:
        call = Call(deadline, connect_timeout=connect_timeout, max_bytes=limit, spool=spool)
        answer = _once(request, call, origin, tls)
        again = challenge.answered(answer)
        if again is None:
            return answer
        call = Call(deadline, connect_timeout=connect_timeout, max_bytes=limit, spool=spool)
        return _once(again, call, origin, tls)

    answer = once(request)
    for _ in range(redirects):
        onward = following(answer, allowed_hosts=allowed_hosts, resign=resign)
        if onward is None:
            break
        try:
            answer = once(onward)
        except TargetForbidden as error:
            raise after_a_hop(error) from None
        except (UpstreamError, Cancelled) as error:
            error.sent = True  # the first hop was, whatever became of this one
            raise
    return answer


def _once(
    request: HttpRequest, call: Call, first: policy.Origin, tls: TlsOptions | None
) -> HttpAnswer:
    call.deadline.check(sent=False)
    target = policy.parse_url(request.url)
    options = tls if tls is not None and target.origin == first else None
    done = adapter.current().exchange(prepare(request, target), target, call, options)
    return HttpAnswer(
        status=done.response.status,
        headers=done.response.fields,
        content=done.content,
        request=request,
        wire_bytes=done.wire_bytes,
        reused=done.reused,
        timings=call.timings(),
        spooled=done.spooled,
    )
