"""What the documents say is there, is there; what is there, they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def environment_names() -> set[str]:
    source = (ROOT / "integration_hub" / "settings.py").read_text()
    return set(re.findall(r'env\.(?:text|items|flag|integer|choice)\(\s*"([A-Z_]+)"', source))


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    table = (ROOT / "docs" / "configuration.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    assert documented == environment_names() | {"DATABASE_URL"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text())
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert not missing


def test_only_env_reads_the_environment() -> None:
    """`NAME_FILE`, defaults and messages live in one place."""
    found = subprocess.run(
        ["git", "grep", "-lE", r"os\.environ|getenv", "--", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    allowed = (
        "integration_hub/env.py",
        "integration_hub/wsgi.py",
        "manage.py",
        "tests/",
        "deploy/",
    )
    assert [name for name in found if not name.startswith(allowed)] == []
