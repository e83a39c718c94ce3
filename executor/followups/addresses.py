"""Addresses that an external system gives: where the next page or a job's state is.

They are resolved here and judged where every request is: by `allowed_hosts` and
the address policy, in egress.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from integration_hub.egress.policy import MAX_URL
from integration_hub.lib.errors import ResponseInvalid
from registry.adapter import AdapterAnswer

_LINK = re.compile(r"<([^<>]*)>((?:[^<>,\"]|\"[^\"]*\")*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def next_link(header: str) -> str:
    """The target of `rel=next` in a Link header (RFC 8288); empty when there is none."""
    for address, parameters in _LINK.findall(header):
        found = _REL.search(parameters)
        if found and "next" in (found[1] or found[2] or "").lower().split():
            return str(address)
    return ""


def resolved(answer: AdapterAnswer, address: str) -> str:
    """`address` against the request that it answers. Raises ResponseInvalid for what is none."""
    base = answer.exchange.request.url if answer.exchange is not None else ""
    try:
        escaped = quote(address.strip(), safe="%/:?#[]@!$&'()*+,;=~")
        whole = urldefrag(urljoin(base, escaped)).url
        parts = urlsplit(whole)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or len(whole) > MAX_URL:
        raise ResponseInvalid("The external system named an address to go on at that is no URL.")
    if urlsplit(base).scheme == "https" and parts.scheme == "http":
        raise ResponseInvalid("The external system named an http address after an https one.")
    return whole
