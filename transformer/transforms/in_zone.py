"""A moment (ISO 8601) in the local time of a zone; the moment stays the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.times import moment_of, zone_named
from transformer.transform import ValueTransform, transforms


@transforms.register("in_zone")
class InZone(ValueTransform):
    name = "in_zone"
    title = "A moment in the time of a zone"
    options = (
        Field("zone", help="A name of the IANA database: Europe/Berlin, UTC."),
        Field("from", required=False, help="The zone of times that name none."),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        moment = moment_of(value, default=options.get("from"))
        return moment.astimezone(zone_named(options["zone"])).isoformat()

    def check(self, options: Mapping[str, Any]) -> str:
        for name in ("zone", "from"):
            if name in options:
                try:
                    zone_named(options[name])
                except ValueError as error:
                    return f"`{name}`: {error}."
        return ""
