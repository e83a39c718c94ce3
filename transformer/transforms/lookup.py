"""One value for another, by a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.plan import fresh
from transformer.scalars import text_of
from transformer.transform import ANYTHING, ValueTransform, transforms

MAX_ENTRIES = 2_000


@transforms.register("lookup")
class Lookup(ValueTransform):
    name = "lookup"
    title = "One value for another, by a table"
    options = (
        Field(
            "table",
            kind="object",
            schema={"minProperties": 1, "maxProperties": MAX_ENTRIES},
            help="What comes, as text, and what goes.",
        ),
        Field("other", required=False, help="For what is not in it.", schema={"type": ANYTHING}),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        key = text_of(value)
        if key is None:
            raise ValueError("takes a single value")
        table = options["table"]
        if key in table:
            return fresh(table[key])
        if "other" in options:
            return fresh(options["other"])
        raise ValueError("takes one of " + ", ".join(list(table)[:20]))
