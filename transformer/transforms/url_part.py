"""A part of an address (RFC 3986): its host, its path, one parameter of its query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, choice, text_only, transforms

_PARTS = ("scheme", "host", "port", "path", "query", "fragment", "parameter")
_PORTS = {"http": 80, "https": 443}
_MAX_PARAMETERS = 1_000
_TAKES = "takes an absolute address (https://host/path)"


@transforms.register("url_part")
class UrlPart(ValueTransform):
    name = "url_part"
    title = "A part of an address"
    options = (
        choice("part", _PARTS),
        Field("parameter", required=False, help="The name, for the part `parameter`."),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text = text_only(value)
        try:
            found = urlsplit(text)
            part = _part(found, options)
        except ValueError:
            raise ValueError(_TAKES) from None
        if not found.scheme or not found.netloc:
            raise ValueError(_TAKES)
        return part

    def check(self, options: Mapping[str, Any]) -> str:
        if (options["part"] == "parameter") != ("parameter" in options):
            return "The part `parameter` needs the name of one, the others have none."
        return ""


def _part(found: SplitResult, options: Mapping[str, Any]) -> Any:
    part = options["part"]
    if part == "host":
        return found.hostname
    if part == "port":
        return found.port or _PORTS.get(found.scheme)
    if part == "parameter":
        named = parse_qs(found.query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
        return named.get(options["parameter"], [None])[0]
    return getattr(found, part)
