from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.database import Server, own_database, own_server
from tests.faults.rig import Rig


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A hub on PostgreSQL with two workers, for one module."""
    with own_database() as url:
        yield from _started(Rig(tmp_path_factory.mktemp("rig"), url))


@pytest.fixture(scope="module")
def web_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A hub that serves and runs nothing: the test starts the worker hosts."""
    with own_database() as url:
        yield from _started(Rig(tmp_path_factory.mktemp("rig"), url), worker=False)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL that the test may stop."""
    with own_server() as found:
        yield found


@pytest.fixture(scope="module")
def rig_on_server(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    yield from _started(Rig(tmp_path_factory.mktemp("rig"), server.url))


@pytest.fixture(scope="module")
def deadly_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A hub with an adapter installed whose calls end their worker (tests/faults/deadly)."""
    folder = tmp_path_factory.mktemp("rig")
    with own_database() as url:
        plugins = str(Path(__file__).parent / "deadly")
        yield from _started(Rig(folder, url, PYTHONPATH=plugins))


def _started(rig: Rig, *, worker: bool = True) -> Iterator[Rig]:
    try:
        yield rig.start(worker=worker)
    finally:
        rig.stop()
