"""The environment is read in one place: `integration_hub.env`, and what starts Django."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("integration_hub", "registry", "credentials", "executor", "transformer")
# The reader itself, and the entry points that name the settings module.
MAY = frozenset({"integration_hub/env.py", "integration_hub/wsgi.py"})
READERS = frozenset({"environ", "environb", "getenv", "getenvb", "putenv"})


def sources() -> list[Path]:
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def uses(tree: ast.AST) -> set[str]:
    """How a module reaches the environment: `os.environ`, `from os import environ`, `environ`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in READERS:
                found.add(f"os.{name}")
            case ast.ImportFrom(module="os", names=names):
                found |= {f"os.{item.name}" for item in names if item.name in READERS}
            case ast.Import(names=names):
                found |= {item.name for item in names if item.name == "environ"}
            case ast.ImportFrom(module="environ"):
                found.add("environ")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_reads_the_environment(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in MAY:
        assert uses(ast.parse(path.read_text())) == set()


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['A']",
        "from os import getenv",
        "import environ",
        "import os\nos.getenv",
    ],
)
def test_each_way_of_reading_it_is_seen(source: str) -> None:
    assert uses(ast.parse(source))
