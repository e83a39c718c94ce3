"""Characters in one of Unicode's normal forms (UAX 15), accents taken off if asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Literal, cast

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, choice, text_only, transforms

_Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


@transforms.register("unicode")
class Unicode(ValueTransform):
    name = "unicode"
    title = "One way of writing the same characters"
    options = (
        choice("form", ("NFC", "NFD", "NFKC", "NFKD"), default="NFC"),
        Field("accents", kind="boolean", required=False, default=True, help="false: taken off."),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text, form = text_only(value), cast("_Form", options.get("form", "NFC"))
        if not options.get("accents", True):
            apart = unicodedata.normalize("NFD", text)
            text = "".join(char for char in apart if not unicodedata.combining(char))
        return unicodedata.normalize(form, text)
