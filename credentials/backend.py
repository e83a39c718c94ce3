"""The secret-backend contract and its catalog: where a value is looked up that is not stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from integration_hub.lib.catalog import Catalog


class CannotLookUp(Exception):
    """Why a reference gives no value and what to do; never the value.

    `lasting`: it will not mend by itself (refused, not there), so no older value stands in.
    """

    def __init__(self, cause: str, *, lasting: bool = False) -> None:
        super().__init__(cause)
        self.lasting = lasting


class SecretBackend(ABC):
    """Stateless. A place is what stands after the backend's name in a reference."""

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str] = "1.0.0"

    def fault(self, place: str) -> str:
        """Why a reference to this place can never be looked up, as a sentence; empty when it can.

        Asked when a credential is stored: it looks at the place and the settings, not behind.
        """
        return ""

    @abstractmethod
    def read(self, place: str, *, seconds: float) -> str:
        """The value, within so many seconds. Raises CannotLookUp."""


backends: Catalog[SecretBackend] = Catalog(
    "secret backend", entry_point_group="integration_hub.secret_backends"
)
