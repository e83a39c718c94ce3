"""docs/transforms.md names every format, type and value transform there is; its calls work."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

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


@pytest.fixture
def shell(live_server, make_token, tmp_path):
    """`shell(words)`: the page's one block for a shell with these words, run as it stands."""
    if not shutil.which("curl") and not os.environ.get("HUB_CI"):
        pytest.skip("curl is not installed")
    environment = {
        "PATH": os.environ["PATH"],
        "HUB": live_server.url,
        "TOKEN": make_token("read", "execute"),
    }

    def run(words: str) -> bytes:
        [block] = [
            found for found in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if words in found
        ]
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout

    return run


@pytest.mark.django_db(transaction=True)
def test_a_file_is_converted_as_shown(shell, tmp_path):
    shell("-F file=@stock.csv")
    book = load_workbook(io.BytesIO((tmp_path / "stock.xlsx").read_bytes()))
    assert list(book["Stock"].values) == [("sku", "count"), ("a-1", 2), ("b-2", 3)]


@pytest.mark.django_db(transaction=True)
def test_a_body_is_converted_and_a_transform_tried_as_shown(shell):
    assert shell("convert?to=json") == b'{"order":{"@id":"7","line":"a"}}'
    assert b'"result":{"id":17}' in shell("transforms/preview")
