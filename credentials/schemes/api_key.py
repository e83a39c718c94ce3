"""A key in a header, the query or a cookie, as the definition's `auth` entry says."""

from collections.abc import Iterable, Mapping
from typing import Any

from credentials.scheme import AuthScheme, schemes
from credentials.signing import (
    FORBIDDEN_HEADERS,
    HEADER_NAME,
    cookie_faults,
    header_faults,
    tail_hint,
    with_cookie,
    with_header,
    with_query,
)
from integration_hub.egress.door import HttpRequest, Login, Signed
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field


@schemes.register("api_key")
class ApiKey(AuthScheme):
    type = "api_key"
    title = "API key"
    fields = (Field("key", secret=True, label="API key"),)
    options = (
        Field("in", required=False, schema={"enum": ["header", "query", "cookie"]}),
        Field("name", max_length=200, help="Of the header, parameter or cookie."),
        Field("prefix", required=False, max_length=100, help="Before the key: `Token`."),
    )

    def check_options(self, options: Mapping[str, Any]) -> Iterable[Fault]:
        if _place(options) == "query":
            return
        if not HEADER_NAME.fullmatch(options["name"]):
            yield Fault("/name", "Not the name of a header or cookie (RFC 9110).", "NAME")
        elif _place(options) == "header" and options["name"].lower() in FORBIDDEN_HEADERS:
            yield Fault("/name", "This header belongs to the connection itself.", "NAME")
        yield from header_faults("prefix", options.get("prefix", "").rstrip(" "))

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        yield from header_faults("key", data["key"])
        if _place(options) == "cookie":
            yield from cookie_faults("key", data["key"])

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        value = _prefix(options) + data["key"]
        put = _PUT[_place(options)]
        return Signed(put(request, options["name"], value), (data["key"],))

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        return Login(token=data["key"], secrets=(data["key"],))

    def hint(self, data: Mapping[str, Any]) -> str:
        return tail_hint(data["key"])


_PUT = {"header": with_header, "query": with_query, "cookie": with_cookie}


def _place(options: Mapping[str, Any]) -> str:
    return str(options.get("in", "header"))


def _prefix(options: Mapping[str, Any]) -> str:
    """`Token` and `Token ` both mean a word before the key; `key=` stays as it is."""
    prefix = str(options.get("prefix", ""))
    is_word = prefix[-1:].isalnum() and _place(options) == "header"
    return f"{prefix} " if is_word else prefix
