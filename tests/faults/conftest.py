from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig, own_database


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A hub on PostgreSQL with two workers, for one module."""
    with own_database() as url:
        folder: Path = tmp_path_factory.mktemp("rig")
        found = Rig(folder, url)
        try:
            yield found.start()
        finally:
            found.stop()
