"""One piece of text for another, everywhere. Plain text, no pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, text_only, transforms

MAX_RESULT = 10 * 1024 * 1024


@transforms.register("replace")
class Replace(ValueTransform):
    name = "replace"
    title = "One piece of text for another"
    options = (
        Field("old", help="What to look for."),
        Field("new", required=False, default="", help="What to write instead."),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text, old, new = text_only(value), options["old"], options.get("new", "")
        if len(text) + text.count(old) * (len(new) - len(old)) > MAX_RESULT:
            raise ValueError("would make a text of more than 10 MiB")
        return text.replace(old, new)
