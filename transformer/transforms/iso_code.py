"""A country, currency or language as its ISO code (3166, 4217, 639), verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pycountry

from transformer.transform import ValueTransform, choice, text_only, transforms

_TABLES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "country": (pycountry.countries, ("alpha_2", "alpha_3", "numeric")),
    "currency": (pycountry.currencies, ("alpha_3", "numeric")),
    "language": (pycountry.languages, ("alpha_2", "alpha_3")),
}


@transforms.register("iso_code")
class IsoCode(ValueTransform):
    name = "iso_code"
    title = "A country, currency or language as its ISO code"
    options = (
        choice("of", tuple(_TABLES)),
        choice(
            "form",
            ("alpha_2", "alpha_3", "numeric", "name"),
            default="alpha_2",
            says="How it goes; currencies have no alpha_2, languages no numeric.",
        ),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        found = _find(options["of"], text_only(value).strip())
        if found is None:
            raise ValueError(f"takes the code or the English name of a {options['of']}")
        code = getattr(found, _form(options), None)
        if code is None:
            raise ValueError(f"takes a {options['of']} that has the form {_form(options)}")
        return code

    def check(self, options: Mapping[str, Any]) -> str:
        form = options.get("form", "name")
        if form not in (*_TABLES[options["of"]][1], "name"):
            return f"A {options['of']} has no {form}."
        return ""


def _find(kind: str, text: str) -> Any:
    """By its codes first: `en` is English, though another language is called En."""
    table, codes = _TABLES[kind]
    for code in codes:
        if found := table.get(**{code: text}):
            return found
    try:
        return table.lookup(text)
    except LookupError:
        return None


def _form(options: Mapping[str, Any]) -> str:
    default = "alpha_3" if options["of"] == "currency" else "alpha_2"
    return str(options.get("form", default))
