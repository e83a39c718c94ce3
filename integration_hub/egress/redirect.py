"""Where an answer redirects to, and what may travel along (RFC 9110 §15.4)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urldefrag, urljoin

from integration_hub.egress import policy
from integration_hub.egress.door import HttpAnswer, HttpRequest, Signer
from integration_hub.lib.errors import ResponseInvalid, TargetForbidden

REDIRECTS = frozenset({301, 302, 303, 307, 308})

# All that another origin gets. What a definition, a caller or a signer added stays here.
HARMLESS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
OF_THE_BODY = frozenset({"content-type", "content-encoding", "content-language"})


def following(
    answer: HttpAnswer, *, allowed_hosts: tuple[str, ...], resign: Signer | None
) -> HttpRequest | None:
    """The request that the answer asks for, or None when it asks for none.

    Raises TargetForbidden when the next hop may not be taken, ResponseInvalid
    when the location is no URL.
    """
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or not location:
        return None
    try:
        here, there = (
            policy.parse_url(answer.request.url),
            policy.parse_url(_join(answer, location)),
        )
        if here.origin == there.origin:
            moved = _moved(answer, location)
            return resign(moved).request if resign else moved
        _check_hop(answer, here.origin, there.origin, allowed_hosts)
    except TargetForbidden as error:
        raise after_a_hop(error) from None
    return _stripped(_moved(answer, location))


def _join(answer: HttpAnswer, location: str) -> str:
    escaped = quote(location, safe="%/:?#[]@!$&'()*+,;=~\\")
    try:
        return urldefrag(urljoin(answer.request.url, escaped)).url
    except ValueError:
        raise ResponseInvalid("The external system redirected to what is no URL.") from None


def _moved(answer: HttpAnswer, location: str) -> HttpRequest:
    """The same request at the new place; a GET without body where the status says so."""
    request = replace(answer.request, url=_join(answer, location))
    becomes_get = (answer.status == 303 and request.method != "HEAD") or (
        answer.status in (301, 302) and request.method == "POST"
    )
    if not becomes_get:
        return request
    kept = {k: v for k, v in request.headers.items() if k.lower() not in OF_THE_BODY}
    return replace(request, method="GET", headers=kept, body=None)


def _check_hop(
    answer: HttpAnswer,
    here: policy.Origin,
    there: policy.Origin,
    allowed_hosts: tuple[str, ...],
) -> None:
    if here.scheme == "https" and there.scheme == "http":
        raise TargetForbidden("The external system redirected from https to http.")
    carries = answer.status in (307, 308) and answer.request.body is not None
    if carries and not (allowed_hosts and policy.covers(allowed_hosts, there)):
        raise TargetForbidden(
            "The external system redirected the request's body to another host: "
            "add it to allowed_hosts of the definition if that is right."
        )


def _stripped(request: HttpRequest) -> HttpRequest:
    kept = {k: v for k, v in request.headers.items() if k.lower() in HARMLESS}
    return replace(request, headers=kept)


def after_a_hop(error: TargetForbidden) -> TargetForbidden:
    """Says that the first hop was answered, so that nobody takes the call for never sent."""
    return TargetForbidden(error.detail, extra={"redirected": True})
