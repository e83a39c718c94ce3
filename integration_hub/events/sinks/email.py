"""The mail sink: a digest of what happened, one message for many events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.mail_session import MailSession
from integration_hub.egress.pooling import Pool
from integration_hub.egress.smtp import Declined, SmtpClient
from integration_hub.events import broker
from integration_hub.events.sink import NotDelivered, Sink, sinks
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_PORTS = {"starttls": 587, "tls": 465, "off": 25}
_ADDRESS = r"^[^\s@<>,;]+@[^\s@<>,;]+$"
_EVERY = 300
_SHOWN = 300  # characters of an event's data


@sinks.register("email")
class EmailSink(Sink):
    """An event waits for others for `digest_seconds`; a message holds up to 100 of them."""

    type = "email"
    title = "Mail (digest)"
    lanes = 1
    together = 100
    fields = (
        *broker.fields(ways=tuple(_PORTS)),
        Field("from", max_length=320, schema={"pattern": _ADDRESS}),
        Field(
            "to",
            "object",
            schema={
                "type": "array",
                "minItems": 1,
                "maxItems": 50,
                "items": {"type": "string", "maxLength": 320, "pattern": _ADDRESS},
            },
        ),
        Field(
            "digest_seconds",
            "integer",
            required=False,
            schema={"minimum": 0, "maximum": 86_400},
            help=f"How long an event waits for others; {_EVERY} unless said.",
        ),
    )

    def __init__(self) -> None:
        self._pool: Pool[MailSession] = Pool()

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        self.deliver_all([event], config=config)

    def deliver_all(
        self, events: Sequence[Mapping[str, Any]], *, config: Mapping[str, Any]
    ) -> None:
        message = _message(events, config)
        try:
            with broker.lent(
                self._pool,
                config,
                lambda sock, login, tls: _opened(sock, login, tls, config),
                port=_port(config),
                tls_at_once=config.get("tls") == "tls",
            ) as session:
                session.send(str(config["from"]), config["to"], message, partly=True)
        except Declined as declined:
            reply = declined.reply
            raise NotDelivered(
                f"The mail server refused the {declined.stage} ({reply.code}): {reply.text}"
            ) from None

    def holds_for(self, config: Mapping[str, Any]) -> float:
        return float(config.get("digest_seconds", _EVERY))

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        return broker.faults(config, _port(config))

    def address(self, config: Mapping[str, Any]) -> str:
        return broker.address(config, "to")


def _port(config: Mapping[str, Any]) -> int:
    return _PORTS[str(config.get("tls", "starttls"))]


def _opened(
    sock: GuardedSocket, login: Login, tls: TlsOptions | None, config: Mapping[str, Any]
) -> MailSession:
    later = config.get("tls", "starttls") == "starttls"
    client = SmtpClient(
        sock,
        host=str(config["host"]),
        own_name=urlsplit(settings.HUB_PUBLIC_URL).hostname or "localhost",
        login=login,
        starttls=tls if later else None,
    )
    return MailSession(client)


def _message(events: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> bytes:
    """Its id is that of its first event, so that a mail box knows a repetition."""
    made = EmailMessage(policy=SMTP)
    sender = str(config["from"])
    made["From"], made["To"] = sender, ", ".join(config["to"])
    first, count = events[0], len(events)
    made["Subject"] = (
        f"{first['type']}: {first['subject']}" if count == 1 else f"{count} events of the hub"
    )
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<{first['id']}@{sender.rpartition('@')[2]}>"
    made.set_content("\n".join(_line(event) for event in events))
    return made.as_bytes()


def _line(event: Mapping[str, Any]) -> str:
    data = jsonsafe.dumps_text(event["data"])
    shown = data if len(data) <= _SHOWN else f"{data[:_SHOWN]}…"
    return f"{event['time']}  {event['type']}  {event['subject']}\n    {shown}\n    {event['id']}\n"
