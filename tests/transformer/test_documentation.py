"""docs/transforms.md names every format, type and value transform there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from transformer.format import formats
from transformer.spec_schema import SPEC_SCHEMA
from transformer.transform import transforms
from transformer.types import TYPE_NAMES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "transforms.md").read_text()
RULE = SPEC_SCHEMA["$defs"]["rule"]["properties"]


@pytest.mark.parametrize(
    "name",
    [*formats.names(), *transforms.names(), *TYPE_NAMES, *RULE, *SPEC_SCHEMA["properties"]],
)
def test_what_there_is_is_documented(name):
    assert f"`{name}`" in PAGE
