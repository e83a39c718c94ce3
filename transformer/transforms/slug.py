"""Text for an address: small ASCII letters, digits and a separator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slugify import slugify

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, choice, text_only, transforms


@transforms.register("slug")
class Slug(ValueTransform):
    name = "slug"
    title = "Text for an address"
    options = (
        choice("separator", ("-", "_"), default="-"),
        Field("length", kind="integer", required=False, default=0, schema={"minimum": 0}),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        return slugify(
            text_only(value),
            separator=options.get("separator", "-"),
            max_length=options.get("length", 0),
        )
