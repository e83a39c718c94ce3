"""A small register of plug-ins: one folder a family, one file a plug-in.

A lower app owns the catalog, an upper one fills it at start-up. A duplicate or
unknown name raises and says what is known. An import error in our own code
propagates; a missing extra or a broken third-party plug-in stays listed as
disabled, with its reason.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from types import ModuleType
from typing import Generic, TypeVar

T = TypeVar("T")


class UnknownPlugin(LookupError):
    """No plug-in of that name; `known` lists the names there are."""

    def __init__(self, family: str, name: str, known: list[str], reason: str | None = None) -> None:
        self.family, self.name, self.known, self.reason = family, name, known, reason
        self.near = difflib.get_close_matches(name, known, n=3)
        why = f"is disabled: {reason}" if reason else f"is unknown; known: {', '.join(known)}"
        super().__init__(f"{family} {name!r} {why}")


class Catalog(Generic[T]):
    """Plug-ins of one family by name."""

    def __init__(self, family: str, *, entry_point_group: str | None = None) -> None:
        self.family = family
        self.disabled: dict[str, str] = {}
        self._entry_point_group = entry_point_group
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

    def load(self, package: ModuleType, extras: dict[str, str] | None = None) -> None:
        """Import every module of `package`, then the installed entry points.

        `extras` maps a module's name to the top-level package that it may lack.
        """
        for found in pkgutil.iter_modules(package.__path__):
            try:
                importlib.import_module(f"{package.__name__}.{found.name}")
            except ModuleNotFoundError as error:
                missing = (extras or {}).get(found.name)
                if missing is None or error.name is None or error.name.split(".")[0] != missing:
                    raise
                self.disabled[found.name] = f"install the package {missing}"
        self._load_entry_points()

    def _load_entry_points(self) -> None:
        if self._entry_point_group is None:
            return
        for point in entry_points(group=self._entry_point_group):
            if point.name in self._items:
                continue
            try:
                loaded = point.load()
                self.add(point.name, loaded() if isinstance(loaded, type) else loaded)
            except Exception as error:  # noqa: BLE001 - a third party's fault must not stop us
                self.disabled[point.name] = f"{type(error).__name__}: {error}"
