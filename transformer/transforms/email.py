"""An e-mail address as it is compared: no space around, the domain in small letters.

What stands before the @ keeps its letters: only the system that owns it knows whether
they matter (RFC 5321, 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, text_only, transforms

_validate = EmailValidator()


@transforms.register("email")
class Email(ValueTransform):
    name = "email"
    title = "An e-mail address as it is compared"
    options = (
        Field("lower", kind="boolean", required=False, default=False, help="All of it in small."),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text = text_only(value).strip()
        try:
            _validate(text)
        except ValidationError:
            raise ValueError("takes an e-mail address") from None
        if options.get("lower", False):
            return text.lower()
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
