"""docs/events.md says what the catalogue of events and the schedule say."""

from __future__ import annotations

import re
from pathlib import Path

from integration_hub.events.catalog import SCHEMAS
from integration_hub.events.sink import sinks

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()


def test_every_type_of_event_is_listed_with_the_members_it_always_has():
    rows = re.findall(r"^\| `(integration\.[a-z._]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    listed = {name: re.findall(r"`(\w+)`", members) for name, members in rows}
    assert listed == {kind.value: schema["required"] for kind, schema in SCHEMAS.items()}


def test_every_kind_of_sink_is_listed():
    table = PAGE.partition("## Sinks")[2]
    assert all(f"| `{name}` |" in table for name in sinks.names())
