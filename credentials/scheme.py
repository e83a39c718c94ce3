"""The auth-scheme contract and its catalog: how one kind of credential signs a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from integration_hub.egress.door import HttpRequest, Login, Signed, TlsOptions
from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field


class AuthScheme(ABC):
    """Stateless. `fields` declare a credential's data once: form, schema, sealing, redaction."""

    type: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str] = "1.0.0"
    fields: ClassVar[tuple[Field, ...]] = ()
    options: ClassVar[tuple[Field, ...]] = ()  # members of a definition's `auth` entry

    def check_options(self, options: Mapping[str, Any]) -> Iterable[Fault]:
        """Faults of a definition's `auth` entry that its schema cannot see."""
        return ()

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        """Faults of a credential's data that its fields cannot see; never quotes a secret.

        Pointers start at the data; `options` are those of the `auth` entry it is for.
        """
        return ()

    def secrets(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        """The values to mask wherever they turn up: those of the fields declared secret."""
        held = (data.get(item.name) for item in self.fields if item.secret)
        return tuple(value for value in held if isinstance(value, str) and value)

    def options_for(
        self, options: Mapping[str, Any], config: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The options of one instance's calls: the `auth` entry's, completed from its config.

        Raises InstanceNotReady naming the member of the config that is missing.
        """
        return options

    def tls(self, data: Mapping[str, Any]) -> TlsOptions | None:
        """What the credential shows in the TLS handshake with the host of `base_url`."""
        return None

    @abstractmethod
    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        """The request with the credential on it, and the values that must be masked.

        `Signed.answer_challenge` is for schemes that must be asked by a 401 first.
        """

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login | None:
        """The credential for a protocol that is not HTTP; None for a scheme that signs HTTP alone.

        `Login.secrets` are the values that must be masked, also those made for this call.
        """
        return None

    def hint(self, data: Mapping[str, Any]) -> str:
        """What may be shown of the credential, e.g. `al***`; empty when nothing may."""
        return ""


schemes: Catalog[AuthScheme] = Catalog(
    "auth scheme", entry_point_group="integration_hub.auth_schemes"
)
