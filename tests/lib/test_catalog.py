"""Plug-ins in their folder and in installed packages; what fails is listed with its reason."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from integration_hub.lib.catalog import Catalog, UnknownPlugin

METADATA = "Metadata-Version: 2.1\nName: acme-things\nVersion: 2.3\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """`package({"a.py": …})`: a folder of plug-ins, importable."""

    def make(files: dict[str, str]) -> ModuleType:
        folder = tmp_path / "things_of_a_test"
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        for name, text in files.items():
            (folder / name).write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in [name for name in sys.modules if name.startswith("things_of_a_test")]:
            del sys.modules[name]
        return __import__("things_of_a_test")

    return make


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """`installed("name = module:Thing", source)`: a package of someone else."""

    def make(points: str, source: str) -> None:
        folder = tmp_path / "site"
        info = folder / "acme_things-2.3.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(METADATA)
        (info / "entry_points.txt").write_text(f"[hub.test.things]\n{points}\n")
        (folder / "acme_things.py").write_text(source)
        monkeypatch.syspath_prepend(str(folder))
        sys.modules.pop("acme_things", None)

    return make


def catalog(judge=None) -> Catalog[object]:
    return Catalog("thing", entry_point_group="hub.test.things", judge=judge)


def test_a_file_whose_library_is_missing_names_the_package_to_install(package) -> None:
    things = catalog()
    things.load(package({"soap.py": "import no_such_library.inner\n"}))
    assert things.disabled == {
        "soap": "the package no_such_library is not installed: pip install 'integration-hub[soap]'"
    }
    with pytest.raises(UnknownPlugin, match="is disabled: the package no_such_library"):
        things.get("soap")


@pytest.mark.parametrize("source", ["import registry.no_such_room\n", "1 / 0\n"])
def test_a_fault_of_our_own_code_stops_the_start(package, source) -> None:
    with pytest.raises((ImportError, ZeroDivisionError)):
        catalog().load(package({"own.py": source}))


def test_a_package_brings_a_plug_in_under_its_own_name(package, installed) -> None:
    installed("good = acme_things:Good", "class Good: pass\n")
    things = catalog()
    things.load(package({}))
    assert type(things.get("good")).__name__ == "Good"
    assert things.packages == {"good": "acme-things 2.3"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("class Thing:\n    def __init__(self): raise ValueError('no')", "ValueError: no"),
        ("class Thing: fault = 'not ours'", "not ours"),
    ],
)
def test_a_broken_package_is_listed_with_its_reason_and_stops_nobody(
    package, installed, source, reason
) -> None:
    installed("bad = acme_things:Thing", source + "\n")
    things = catalog(judge=lambda _, item: item.fault)
    things.load(package({}))
    assert things.names() == []
    assert things.disabled == {"bad": reason}
    assert things.packages == {"bad": "acme-things 2.3"}
