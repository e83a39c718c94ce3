"""A login that gives a token or a cookie, which is used until it ends."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from credentials.acquiring import (
    MARGIN_OPTION,
    Acquired,
    AcquiringScheme,
    Place,
    seconds_option,
)
from credentials.scheme import schemes
from credentials.session.login import log_in
from credentials.signing import HEADER_NAME, with_cookie, with_header
from integration_hub.egress.door import Deadline, HttpRequest, Signed
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_HELD, _ENDS = "_session", "_session_ends"  # sealed beside the data; no caller can send them
_REQUEST = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {
        "method": {"enum": ["POST", "PUT", "GET"]},
        "path": {"type": "string", "pattern": "^(https?://|/)", "maxLength": 2_048},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"type": ["string", "object"]},
        "encoding": {"enum": ["json", "form"]},
    },
}


@schemes.register("session_login")
class SessionLogin(AcquiringScheme):
    type = "session_login"
    title = "Login for a session"
    fields = (
        Field("username", required=False, max_length=1_000, label="User name"),
        Field("password", secret=True, required=False, max_length=4_000),
        Field(
            "fields",
            "object",
            secret=True,
            required=False,
            schema={"additionalProperties": {"type": "string"}},
            help="What the login needs beside these, by name.",
        ),
    )
    options = (
        Field("request", "object", schema=_REQUEST, help="The login; {x} is x of the data."),
        Field("token_path", required=False, max_length=1_000, help="JMESPath of the token."),
        Field("cookie", required=False, max_length=200, help="The cookie that is the session."),
        Field("header", required=False, max_length=200, help="Default: Authorization."),
        Field("prefix", required=False, max_length=40, help="Default: Bearer."),
        Field("expires_path", required=False, max_length=1_000, help="Seconds, or a time."),
        seconds_option("lifetime_seconds"),
        MARGIN_OPTION,
    )

    def check_options(self, options: Mapping[str, Any]) -> Iterable[Fault]:
        if ("token_path" in options) == ("cookie" in options):
            detail = "Say where the session is: token_path or cookie, one of them."
            yield Fault("/token_path", detail, "REQUIRED")
        for name in ("token_path", "expires_path"):
            yield from _path_faults(name, options)
        for name in ("header", "cookie"):
            if name in options and not HEADER_NAME.fullmatch(options[name]):
                yield Fault(f"/{name}", "Not the name of a header or cookie (RFC 9110).", "NAME")
        body = options["request"].get("body", "json")
        if isinstance(body, str) and body not in ("json", "form"):
            yield Fault("/request/body", "json, form, or an object with {x} in it.", "ENUM")

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        if not _values(data):
            yield Fault("", "A login needs something to show: username and password.", "REQUIRED")
        for name, value in data.get("fields", {}).items():
            if not isinstance(value, str):
                yield Fault(f"/fields/{name}", "A text is needed.", "TYPE")

    def secrets(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        held = (data.get("password"), data.get(_HELD), *data.get("fields", {}).values())
        return tuple(value for value in held if isinstance(value, str) and value)

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        token = data[_HELD]
        if "cookie" in options:
            return Signed(with_cookie(request, options["cookie"], token), (token,))
        prefix = options.get("prefix", "" if "header" in options else "Bearer")
        value = f"{prefix} {token}".strip()
        return Signed(with_header(request, options.get("header", "Authorization"), value), (token,))

    def hint(self, data: Mapping[str, Any]) -> str:
        return f"{data['username'][:2]}***" if data.get("username") else ""

    def is_held(self, data: Mapping[str, Any]) -> bool:
        return bool(data.get(_HELD))

    def can_acquire(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
        return True

    def state_of(self, data: Mapping[str, Any]) -> Acquired:
        ends = data.get(_ENDS)
        return Acquired(data, datetime.fromisoformat(ends) if ends else None)

    def acquire(
        self,
        *,
        data: Mapping[str, Any],
        options: Mapping[str, Any],
        place: Place,
        deadline: Deadline,
    ) -> Acquired:
        session = log_in(options, _values(data), place, deadline)
        new = {name: value for name, value in data.items() if name not in (_HELD, _ENDS)}
        new[_HELD] = session.token
        if session.expires_at is not None:
            new[_ENDS] = clock.rfc3339(session.expires_at)
        return Acquired(new, session.expires_at)


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: data[name] for name in ("username", "password") if data.get(name)}
    return {**named, **data.get("fields", {})}


def _path_faults(name: str, options: Mapping[str, Any]) -> Iterable[Fault]:
    if name in options:
        try:
            jmespath.compile(options[name])
        except JMESPathError:
            yield Fault(f"/{name}", "Not a JMESPath.", "EXPR_COMPILE")
