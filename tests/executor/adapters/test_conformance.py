"""Every adapter that comes with the hub passes the suite that third parties run on theirs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from registry.adapter import adapters
from registry.conformance import AdapterSuite, Rig


class TestShipped(AdapterSuite):
    @pytest.fixture(params=adapters.names())
    def rig(self, request: pytest.FixtureRequest) -> Iterator[Rig]:
        module = import_module(f"tests.executor.adapters.rigs.{request.param}")
        with module.rig() as made:
            assert made.adapter.type == request.param
            yield made


def test_every_library_that_an_adapter_needs_is_here() -> None:
    assert adapters.disabled == {}
