"""Where tasks are consumed from: the contract of a broker, and the catalog of those there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from integration_hub.egress.door import TlsOptions
from integration_hub.lib.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says (`scheme://user:password@host:port/path`); its repr shows no password.

    `authorities` (PEM) are trusted beside the public ones.
    """

    host: str
    port: int
    path: str
    secured: bool
    username: str = ""
    password: str = ""
    authorities: str = ""

    @property
    def tls(self) -> TlsOptions | None:
        """None: in clear."""
        return TlsOptions(authorities=self.authorities) if self.secured else None

    def __repr__(self) -> str:
        return f"<Address {self.host}:{self.port}>"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to consume: a queue or stream, as which member of which group, how many at a time."""

    queue: str
    group: str
    member: str
    prefetch: int


@dataclass(frozen=True, slots=True)
class Message:
    """`deliveries`: how often it was handed out, this time included, where the broker counts."""

    body: bytes
    handle: Any
    deliveries: int = 1


class Broker(ABC):
    """One open connection. Methods raise ConnectionFailed and other HubErrors; then it is over."""

    @abstractmethod
    def fetch(self) -> Sequence[Message]:
        """Up to `prefetch` messages, none after about a second. They stay the broker's until
        `done`: if this process dies, another gets them."""

    @abstractmethod
    def done(self, message: Message) -> None:
        """Settled: it never comes again."""

    @abstractmethod
    def again(self, message: Message) -> None:
        """Not settled: it comes again."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back; what was fetched and not done comes again."""


class BrokerKind(ABC):
    """A plug-in: how a broker of one protocol is reached."""

    schemes: tuple[str, str]
    ports: tuple[int, int]

    def check(self, address: Address) -> None:  # noqa: B027 - a hook: most paths may say anything
        """Raise ValidationFailed where the URL's path says nothing to this protocol."""

    @abstractmethod
    def open(self, address: Address, wish: Wish) -> Broker:
        """Connected through egress and ready to fetch. Raises HubError."""


brokers: Catalog[BrokerKind] = Catalog("broker")
