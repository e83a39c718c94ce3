"""The contract of schemes that sign with something they first acquire: a token, a session.

What is acquired is sealed with the rest of the data and used until it ends. When,
by whom and how often is the refresh engine's; a scheme only knows how to ask once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from credentials.scheme import AuthScheme
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.lib.fields import Field

MARGIN_SECONDS = 60
"""What is left of a token's life when it is renewed, unless the `auth` entry says otherwise."""
DAY, YEAR = 86_400, 365 * 86_400


def seconds_option(name: str, *, least: int = 1, most: int = YEAR, help: str = "") -> Field:  # noqa: A002 - as Field says it
    """An option of an `auth` entry that is a span of time."""
    span = {"minimum": least, "maximum": most}
    return Field(name, "integer", required=False, schema=span, help=help)


MARGIN_OPTION = seconds_option("refresh_margin_seconds", least=0, most=DAY)


@dataclass(frozen=True, slots=True)
class Place:
    """What an instance says that matters when something is acquired for it.

    `own` are the options of the definition's `auth` entry, without the config's.
    """

    slug: str
    config: Mapping[str, Any] = field(default_factory=dict)
    allowed_hosts: tuple[str, ...] = ()
    tls: TlsOptions | None = None
    own: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acquired:
    """The whole new data, to be sealed; None for `expires_at` where nobody said an end."""

    data: Mapping[str, Any] = field(repr=False)
    expires_at: datetime | None = None
    scope: str = ""


class AcquiringScheme(AuthScheme):
    """Stateless, like every scheme."""

    config_members: ClassVar[tuple[str, ...]] = ()
    """Options that an instance's config may give where the `auth` entry does not."""

    def options_for(
        self, options: Mapping[str, Any], config: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The options in force for an instance with this config."""
        told = {name: config[name] for name in self.config_members if name in config}
        return {**told, **options} if told else options

    @abstractmethod
    def is_held(self, data: Mapping[str, Any]) -> bool:
        """Whether there is something to sign with."""

    @abstractmethod
    def can_acquire(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
        """Whether something new can be had without a person; `options` are merged."""

    @abstractmethod
    def state_of(self, data: Mapping[str, Any]) -> Acquired:
        """What the data says of what it holds: for data that someone put."""

    @abstractmethod
    def acquire(
        self,
        *,
        data: Mapping[str, Any],
        options: Mapping[str, Any],
        place: Place,
        deadline: Deadline,
    ) -> Acquired:
        """Ask once, through egress. Raises NotAcquired, and Cancelled of the deadline's flag."""

    def spends_its_grant(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
        """Whether acquiring uses up what it was acquired with, as a refresh token that rotates."""
        return False

    def margin_seconds(self, options: Mapping[str, Any]) -> int:
        """How long before its end what is held is renewed."""
        return int(options.get("refresh_margin_seconds", MARGIN_SECONDS))
