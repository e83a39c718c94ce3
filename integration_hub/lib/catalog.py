"""A small register of plug-ins: one folder a family, one file a plug-in.

A lower app owns the catalog, an upper one fills it at start-up. A duplicate or
unknown name raises and says what is known. An import error in our own code
propagates; a missing extra or a broken third-party plug-in stays listed as
disabled, with its reason.

A plug-in that needs more than requirements.txt has an extra of its file's name in
pyproject.toml, and imports what that brings as usual.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Generic, TypeVar

T = TypeVar("T")

_OURS = frozenset({"integration_hub", "registry", "credentials", "executor", "transformer"})


class UnknownPlugin(LookupError):
    """No plug-in of that name; `known` lists the names there are."""

    def __init__(self, family: str, name: str, known: list[str], reason: str | None = None) -> None:
        self.family, self.name, self.known, self.reason = family, name, known, reason
        self.near = difflib.get_close_matches(name, known, n=3)
        why = f"is disabled: {reason}" if reason else f"is unknown; known: {', '.join(known)}"
        super().__init__(f"{family} {name!r} {why}")


class Catalog(Generic[T]):
    """Plug-ins of one family by name.

    `judge` says why a third party's plug-in cannot be used, empty where it can.
    `packages` has the name and version of the package that brought one.
    """

    def __init__(
        self,
        family: str,
        *,
        entry_point_group: str | None = None,
        judge: Callable[[str, T], str] | None = None,
    ) -> None:
        self.family = family
        self.disabled: dict[str, str] = {}
        self.packages: dict[str, str] = {}
        self._entry_point_group = entry_point_group
        self._judge = judge
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> T:
        if name in self._items and self._items[name] is not item:
            raise ValueError(f"{self.family} {name!r} is registered twice")
        self._items[name] = item
        self.disabled.pop(name, None)
        return item

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Class decorator: register one instance of the class under `name`."""

        def decorate(cls: type[T]) -> type[T]:
            self.add(name, cls())
            return cls

        return decorate

    def get(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise UnknownPlugin(self.family, name, self.names(), self.disabled.get(name)) from None

    def names(self) -> list[str]:
        return sorted(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(sorted(self._items.items()))

    def load(self, package: ModuleType) -> None:
        """Import every module of `package`, then the installed entry points."""
        for found in pkgutil.iter_modules(package.__path__):
            try:
                importlib.import_module(f"{package.__name__}.{found.name}")
            except ModuleNotFoundError as error:
                missing = (error.name or "").partition(".")[0]
                if not missing or missing in _OURS:
                    raise
                self.disabled[found.name] = (
                    f"the package {missing} is not installed: "
                    f"pip install 'integration-hub[{found.name}]'"
                )
        self._load_entry_points()

    def _load_entry_points(self) -> None:
        if self._entry_point_group is None:
            return
        for point in entry_points(group=self._entry_point_group):
            if point.name in self._items:
                continue
            try:
                self._load_entry_point(point)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a third party's fault must not stop us
                self.disabled[point.name] = f"{type(error).__name__}: {error}"[:300]
            if point.dist is not None:
                self.packages[point.name] = f"{point.dist.name} {point.dist.version}"

    def _load_entry_point(self, point: EntryPoint) -> None:
        loaded = point.load()
        if point.name not in self._items:  # a class may register itself when it is imported
            self.add(point.name, loaded() if isinstance(loaded, type) else loaded)
        reason = self._judge(point.name, self._items[point.name]) if self._judge else ""
        if reason:
            del self._items[point.name]
            self.disabled[point.name] = reason
