"""An IBAN (ISO 13616), its check digits and its country's shape verified, without spaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stdnum import iban
from stdnum.exceptions import ValidationError

from transformer.transform import ValueTransform, text_only, transforms


@transforms.register("iban")
class Iban(ValueTransform):
    name = "iban"
    title = "A bank account number, verified"

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        try:
            return str(iban.validate(text_only(value)))
        except ValidationError:
            raise ValueError("takes an IBAN whose check digits are right") from None
