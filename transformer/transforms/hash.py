"""A digest of the text's UTF-8 bytes, in hexadecimal: for keys and comparison, no secret."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from transformer.transform import ValueTransform, choice, text_only, transforms


@transforms.register("hash")
class Hash(ValueTransform):
    name = "hash"
    title = "A digest of the text"
    options = (
        choice("algorithm", ("sha256", "sha512", "sha384", "sha1", "md5"), default="sha256"),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        name = options.get("algorithm", "sha256")
        return hashlib.new(name, text_only(value).encode(), usedforsecurity=False).hexdigest()
