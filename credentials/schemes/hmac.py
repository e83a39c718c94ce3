"""A signature that the definition declares: what is signed, how, and in which headers it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hmac import digest
from typing import Any
from uuid import uuid4

from credentials.hmac_template import ENCODINGS, VALUES, Material, is_known
from credentials.scheme import AuthScheme, schemes
from credentials.secret_bytes import WRITTEN, secret_bytes
from credentials.signing import FORBIDDEN_HEADERS, HEADER_NAME, header_faults, with_header
from credentials.template import BadTemplate, fill, names_in
from integration_hub.egress.door import HttpRequest, Signed
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, InstanceNotReady
from integration_hub.lib.fields import Field
from integration_hub.lib.pointers import join

_CONFIG = "config"  # the instance's, beside the options: no option has this name
_NEVER_IN_HEADERS = frozenset({"body"})
_FORBIDDEN = FORBIDDEN_HEADERS - {"content-type"}


@schemes.register("hmac")
class Hmac(AuthScheme):
    type = "hmac"
    title = "HMAC signature"
    fields = (
        Field("key_id", required=False, max_length=1_000, label="Key id", help="Sent as it is."),
        Field("secret", secret=True, max_length=4_000),
    )
    options = (
        Field("template", max_length=4_000, help="What is signed: `{method}\\n{path}\\n{body}`."),
        Field("algorithm", required=False, schema={"enum": ["sha256", "sha512", "sha1"]}),
        Field("encoding", required=False, schema={"enum": list(ENCODINGS)}),
        Field("header", required=False, max_length=200, help="Carries the signature."),
        Field("prefix", required=False, max_length=100, help="Before it, as it stands: `v1=`."),
        Field(
            "headers",
            "object",
            required=False,
            schema={
                "additionalProperties": {"type": "string", "maxLength": 2_000},
                "maxProperties": 20,
            },
            help="More headers, each a template; those without {signature} may be signed.",
        ),
        Field(
            "secret_encoding",
            required=False,
            schema={"enum": list(WRITTEN)},
            help="How the secret is written; default text.",
        ),
    )

    def check_options(self, options: Mapping[str, Any]) -> Iterable[Fault]:
        yield from _template_faults("/template", options["template"], frozenset({"signature"}))
        yield from header_faults("prefix", options.get("prefix", "").rstrip(" "))
        headers = _headers_of(options)
        for name, text in headers.items():
            own = name == options.get("header")
            yield from _name_faults("/header" if own else join(("headers", name)), name)
            if not own:
                place = join(("headers", name))
                yield from _template_faults(place, text, _NEVER_IN_HEADERS)
                yield from _text_faults(place, text)
        if not any("{signature}" in text for text in headers.values()):
            detail = "No header carries the signature: name one, or use {signature} in headers."
            yield Fault("/header", detail, "REQUIRED")

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        yield from header_faults("key_id", data.get("key_id", ""))
        texts = [options.get("template", ""), *_headers_of(options).values()]
        if not data.get("key_id") and any("{key_id}" in text for text in texts):
            yield Fault("/key_id", "The definition's signature holds it.", "REQUIRED")
        try:
            _key(data, options)
        except ValueError:
            detail = f"It is not {options['secret_encoding']}, as the definition says it is."
            yield Fault("/secret", detail, "FORMAT")

    def options_for(
        self, options: Mapping[str, Any], config: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        for text in (options["template"], *options.get("headers", {}).values()):
            for name in names_in(text):
                member = name.removeprefix("config.")
                if member != name and not isinstance(config.get(member), str | int):
                    raise InstanceNotReady(
                        f"The signature needs config.{member}: set it at the instance."
                    )
        return {**options, _CONFIG: config}

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        material = Material(
            request=request,
            key_id=data.get("key_id", ""),
            now=clock.now(),
            nonce=uuid4().hex,
            algorithm=options.get("algorithm", "sha256"),
            encoding=options.get("encoding", "hex"),
            config=options.get(_CONFIG, {}),
        )
        headers = _headers_of(options)
        carriers = {name for name, text in headers.items() if "signature" in names_in(text)}
        first = {name: text for name, text in headers.items() if name not in carriers}
        material = replace(material, request=_with(material, first))
        signed = fill(options["template"], material.value)
        made = digest(_key(data, options), signed, material.algorithm)
        signature = ENCODINGS[material.encoding](made)
        last = {name: headers[name] for name in headers if name in carriers}
        final = _with(replace(material, signature=signature), last)
        return Signed(final, (*self.secrets(data), signature))

    def hint(self, data: Mapping[str, Any]) -> str:
        key_id = data.get("key_id", "")
        return f"{key_id[:4]}***" if len(key_id) >= 8 else ""


def _headers_of(options: Mapping[str, Any]) -> dict[str, str]:
    headers = dict(options.get("headers", {}))
    if options.get("header"):
        prefix = options.get("prefix", "").replace("{", "{{").replace("}", "}}")
        headers[options["header"]] = prefix + "{signature}"
    return headers


def _with(material: Material, headers: Mapping[str, str]) -> HttpRequest:
    request = material.request
    for name, text in headers.items():
        request = with_header(request, name, fill(text, material.value).decode())
    return request


def _key(data: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """Raises ValueError."""
    return secret_bytes(data["secret"], options.get("secret_encoding", "text"))


def _template_faults(place: str, text: str, never: frozenset[str]) -> Iterator[Fault]:
    try:
        names = names_in(text)
    except BadTemplate as error:
        yield Fault(place, str(error), "TEMPLATE")
        return
    for name in dict.fromkeys(names):
        if name in never or not is_known(name):
            known = ", ".join(sorted(VALUES.keys() - never))
            detail = f"{{{name}}} is not known here; known: {known}, header.NAME, config.NAME."
            yield Fault(place, detail, "UNKNOWN")


def _name_faults(place: str, name: str) -> Iterator[Fault]:
    if not HEADER_NAME.fullmatch(name):
        yield Fault(place, "Not the name of a header (RFC 9110).", "NAME")
    elif name.lower() in _FORBIDDEN:
        yield Fault(place, "This header belongs to the connection itself.", "NAME")


def _text_faults(place: str, text: str) -> Iterator[Fault]:
    for fault in header_faults("", text):
        yield Fault(place, fault.detail, fault.code)
