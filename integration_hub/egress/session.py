"""The first door for libraries that bring requests along: a Session that sends through it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from requests import Session
from requests.adapters import BaseAdapter
from requests.models import PreparedRequest, Response

from integration_hub.egress import http
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest, TlsOptions
from integration_hub.egress.outgoing import OWN_HEADERS
from integration_hub.lib.errors import ValidationFailed

# What requests adds by itself; ours are the ones that leave.
_NOT_TAKEN_OVER = OWN_HEADERS - {"host"} | {"accept-encoding"}


class GuardedSession(Session):
    """A Session without environment, proxies and cookies; it follows no redirect by itself.

    What goes wrong raises the errors of `http.send`, not those of requests: they
    pass through the library that uses the session.
    """

    def __init__(self, transport: BaseAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.pop("User-Agent", None)
        self.adapters.clear()
        self.mount("https://", transport)
        self.mount("http://", transport)

    def get_redirect_target(self, resp: Response) -> str | None:
        """None: redirects are followed, judged and counted below."""
        return None


class _Transport(BaseAdapter):
    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.options = options

    def send(self, request: PreparedRequest, *_: Any, **given: Any) -> Response:
        """Settings of the library do not count: the deadline bounds the call, and
        verification is not the library's to switch off."""
        if given.get("verify") is False:
            raise ValidationFailed("TLS verification is switched off at the instance, not here.")
        answer = http.send(_request(request), **self.options)
        return _response(answer, request)

    def close(self) -> None:
        """The connections belong to the process."""


def session(
    *,
    deadline: Deadline,
    allowed_hosts: tuple[str, ...] = (),
    redirects: int = 0,
    max_bytes: int | None = None,
    tls: TlsOptions | None = None,
) -> GuardedSession:
    """A session for one call: everything it sends ends with `deadline`, as in `http.send`."""
    options = {
        "deadline": deadline,
        "allowed_hosts": allowed_hosts,
        "redirects": redirects,
        "max_bytes": max_bytes,
        "tls": tls,
    }
    return GuardedSession(_Transport(options))


def _request(prepared: PreparedRequest) -> HttpRequest:
    body = prepared.body
    if isinstance(body, str):
        body = body.encode()
    if body is not None and not isinstance(body, bytes):
        raise ValidationFailed("A body is sent as bytes or text, not as a file or a stream.")
    given: Mapping[str, str | bytes] = prepared.headers  # some libraries write bytes
    headers = {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in given.items()
        if name.lower() not in _NOT_TAKEN_OVER
    }
    return HttpRequest(str(prepared.method), str(prepared.url), headers, body)


def _response(answer: HttpAnswer, request: PreparedRequest) -> Response:
    made = Response()
    made.status_code = answer.status
    made.headers.update(
        {k: v for k, v in answer.headers.items() if k not in ("content-encoding", "content-length")}
    )
    made.url, made.request = answer.request.url, request
    made.encoding = _charset(answer.content_type)
    made.raw = io.BytesIO(answer.content)
    made._content = answer.content  # read: nothing is left to stream
    return made


def _charset(content_type: str) -> str | None:
    _, _, rest = content_type.lower().partition("charset=")
    return rest.split(";")[0].strip(" \"'") or None
