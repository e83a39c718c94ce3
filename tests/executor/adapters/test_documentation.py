"""The definitions in docs/adapters.md are ones that the hub takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration_hub.lib.yaml_reader import load
from registry.document import check_document

DOCS = Path(__file__).resolve().parents[3] / "docs"
EXAMPLES = re.findall(r"```yaml\n(slug: .*?)```", (DOCS / "adapters.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split()[1])
def test_an_example_is_a_definition_that_the_hub_takes(text) -> None:
    assert check_document(load(text)) == ()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6
