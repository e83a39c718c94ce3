"""One login: the request that the `auth` entry describes, and what its answer gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jmespath

from credentials.acquiring import Place
from credentials.addresses import address_of, pinned
from credentials.asking import send
from credentials.choices import Reason
from credentials.errors import NotAcquired
from credentials.oauth2.token_answer import LONGEST_LIFETIME
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest, TlsOptions
from integration_hub.lib import clock, jsonsafe, redact
from integration_hub.lib.resilience import hints

MAX_TOKEN = 7 * 1024
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WHAT = "the login"
_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Session:
    token: str = field(repr=False)
    expires_at: datetime | None = None


def log_in(
    options: Mapping[str, Any], values: Mapping[str, Any], place: Place, deadline: Deadline
) -> Session:
    """`values` fill the request's `{x}`. Raises NotAcquired, and Cancelled."""
    request, hosts = _request(options["request"], values, place)
    secrets = [value for value in values.values() if isinstance(value, str) and value]
    with redact.registered(*secrets):
        answer = send(request, hosts=hosts, deadline=deadline, tls=_tls(place), what=_WHAT)
    _require_good(answer)
    named = options.get("cookie")
    token = _cookie(answer, named) if named else _in_document(answer, options["token_path"])
    return Session(_sendable(token, answer), _ends(options, answer))


def _request(
    wanted: Mapping[str, Any], values: Mapping[str, Any], place: Place
) -> tuple[HttpRequest, tuple[str, ...]]:
    address = address_of({"request.path": wanted["path"]}, "request.path", place)
    body = wanted.get("body", "json")
    encoding = body if isinstance(body, str) else wanted.get("encoding", "json")
    document = dict(values) if isinstance(body, str) else _filled(body, values)
    content = jsonsafe.dumps(document) if encoding == "json" else urlencode(document).encode()
    headers = {name: _filled(text, values) for name, text in wanted.get("headers", {}).items()}
    told = {"Accept": "application/json", "Content-Type": _TYPES[encoding], **headers}
    hosts = pinned("the login", address, place, said=wanted["path"])
    method = wanted.get("method", "POST")
    return HttpRequest(method, address, told, None if method == "GET" else content), hosts


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(template, dict):
        return {name: _filled(item, values) for name, item in template.items()}
    if isinstance(template, list):
        return [_filled(item, values) for item in template]
    if not isinstance(template, str):
        return template
    return _NAME.sub(lambda found: _value(found[1], values), template)


def _value(name: str, values: Mapping[str, Any]) -> str:
    if name not in values:
        raise NotAcquired(
            Reason.INCOMPLETE, f"the login needs {name}: PUT the credential with it.", sent=False
        )
    return str(values[name])


def _require_good(answer: HttpAnswer) -> None:
    status = answer.status
    if status < 300:
        return
    if status in (400, 401, 403, 422):
        raise NotAcquired(
            Reason.INVALID_GRANT,
            f"the login was refused ({status}): check user name and password, and whether the "
            "account is locked.",
            status=status,
        )
    if status < 400:
        raise NotAcquired(
            Reason.REDIRECTED,
            f"the login redirected ({status}), which is never followed with a password: correct "
            "request.path.",
            status=status,
        )
    raise NotAcquired(
        Reason.UNAVAILABLE,
        f"the login answered {status}; it is tried again later.",
        status=status,
        retry_after=hints.wait_seconds(answer.headers, clock.now(), status),
    )


def _in_document(answer: HttpAnswer, path: str) -> Any:
    return jmespath.search(path, _document(answer))


def _document(answer: HttpAnswer) -> Any:
    try:
        return jsonsafe.loads(answer.content)
    except ValueError:
        raise NotAcquired(
            Reason.NOT_JSON,
            "the login's answer is not JSON: check request.path, or name a cookie instead.",
            status=answer.status,
        ) from None


def _cookie(answer: HttpAnswer, name: str) -> str:
    return _cookie_part(answer, name)[0]


def _cookie_part(answer: HttpAnswer, name: str) -> tuple[str, str]:
    """Its value and its attributes; of several of that name the last."""
    header = answer.headers.get("set-cookie", "")
    found = re.findall(rf"(?:^|,\s*){re.escape(name)}=([^;,]*)([^,]*)", header)
    return found[-1] if found else ("", "")


def _sendable(token: Any, answer: HttpAnswer) -> str:
    if token is None or token == "":
        raise NotAcquired(
            Reason.NO_TOKEN,
            "the login's answer has no token: check token_path or cookie.",
            status=answer.status,
        )
    if not isinstance(token, str) or len(token) > MAX_TOKEN or not _VISIBLE.fullmatch(token):
        raise NotAcquired(
            Reason.BAD_TOKEN,
            f"the token is no text of up to {MAX_TOKEN} visible characters: check token_path.",
            status=answer.status,
        )
    return token


def _ends(options: Mapping[str, Any], answer: HttpAnswer) -> datetime | None:
    """What the answer says of its end, else the entry's `lifetime_seconds`."""
    said: Any = None
    if options.get("expires_path"):
        said = jmespath.search(options["expires_path"], _document(answer))
    elif options.get("cookie"):
        attributes = _cookie_part(answer, options["cookie"])[1]
        age = re.search(r";\s*max-age=([0-9]{1,12})", attributes, re.IGNORECASE)
        said = int(age[1]) if age else None
    return _moment(said if said is not None else options.get("lifetime_seconds"))


def _moment(said: Any) -> datetime | None:
    """Seconds from now, or a date and time with its zone; anything else says nothing."""
    if isinstance(said, str) and said.isdigit() and len(said) < 13:
        said = int(said)
    if isinstance(said, int | float) and not isinstance(said, bool) and said > 0:
        return clock.now() + timedelta(seconds=min(said, LONGEST_LIFETIME))
    try:
        moment = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
    return None if moment.utcoffset() is None else moment


def _tls(place: Place) -> TlsOptions | None:
    authorities = place.tls.authorities if place.tls is not None else ""
    return TlsOptions(authorities=authorities) if authorities else None
