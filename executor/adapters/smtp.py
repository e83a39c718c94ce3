"""The `smtp` adapter: hands one message a call to a mail server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings

from executor.http import template
from executor.mail.checks import method_faults
from executor.mail.message import BYTES, MAX_BYTES, Mail, mail_of
from executor.tcp import location
from executor.tcp.lending import lent
from executor.tcp.messaging import HEADERS_SCHEMA
from executor.tcp.pooled import PooledAdapter
from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.mail_session import MailSession
from integration_hub.egress.smtp import Declined, Receipt, Reply, SmtpClient
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault
from registry.adapter import AdapterAnswer, AdapterCall, Exchanged, Sent, adapters
from registry.adapter_values import json_answer
from registry.spec import MethodSpec

_PORTS = {"starttls": 587, "tls": 465, "off": 25}
_ANSWERS = 256 * 1024  # bytes that a server has to say to one message
_TEXT = {"type": "string", "maxLength": 64 * 1024}
_PLACE = {"type": "string", "minLength": 1, "maxLength": 500}
_PLACES = {"anyOf": [_PLACE, {"type": "array", "items": _PLACE, "minItems": 1, "maxItems": 100}]}


@adapters.register("smtp")
class SmtpAdapter(PooledAdapter[MailSession]):
    type: ClassVar[str] = "smtp"
    title: ClassVar[str] = "Mail (SMTP)"
    supported_auth: ClassVar[frozenset[str]] = frozenset(
        {"none", "basic", "bearer", "oauth2", "mtls"}
    )

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["host"],
            "properties": {
                **location.properties(
                    starttls="begun before the login, verified, or nothing is sent; port 587",
                    tls="from the first byte, verified; port 465",
                    off="in clear, the password too; port 25",
                ),
                "username": {
                    "type": "string",
                    "maxLength": 320,
                    "title": "User name",
                    "description": "Whose token it is, with oauth2 and bearer (XOAUTH2).",
                },
            },
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["from"],
            "additionalProperties": False,
            "anyOf": [{"required": ["to"]}, {"required": ["cc"]}, {"required": ["bcc"]}],
            "properties": {
                "from": {**_PLACE, "description": "One address; {x} is parameter x."},
                "to": {**_PLACES, "description": "Addresses; a parameter may be a list of them."},
                "cc": _PLACES,
                "bcc": {**_PLACES, "description": "They get the message and do not stand in it."},
                "reply_to": _PLACES,
                "subject": {"type": "string", "maxLength": 900},
                "text": _TEXT,
                "html": {
                    **_TEXT,
                    "description": "Values are escaped, unless one of them is all of it.",
                },
                "headers": HEADERS_SCHEMA,
                "attachments": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 200,
                    "description": "The parameter with a list of {filename, content in base64, "
                    "content_type}.",
                },
                "partly": {
                    "type": "boolean",
                    "description": "true (unless said): sent to the recipients that the server "
                    "takes, the others are named; false: to all or to none.",
                },
                "max_bytes": {
                    "type": "integer",
                    "minimum": 1024,
                    "maximum": MAX_BYTES,
                    "description": f"Of the whole message, {BYTES} unless said.",
                },
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        return method_faults(method)

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(template.names_in(protocol.get("from")))

    def preview(self, call: AdapterCall) -> Sent:
        return _sent(call, mail_of(call))

    def call(self, call: AdapterCall) -> AdapterAnswer:
        mail = mail_of(call)
        exchange = Exchanged(_sent(call, mail))
        partly = bool(call.method.protocol.get("partly", True))
        try:
            with self._lent(call) as session:
                try:
                    receipt = session.send(
                        mail.sender, mail.recipients, mail.content, partly=partly
                    )
                except Declined as declined:
                    return _refused(declined, exchange)
        except Declined as declined:  # of the login
            return _refused(declined, exchange)
        return json_answer(_result(mail, receipt), exchange=exchange)

    def _lent(self, call: AdapterCall) -> AbstractContextManager[MailSession]:
        host, mode = str(call.config["host"]), str(call.config.get("tls", "starttls"))
        username = str(call.config.get("username", ""))

        def opened(sock: GuardedSocket, login: Login, tls: TlsOptions | None) -> MailSession:
            client = SmtpClient(
                sock,
                host=host,
                own_name=_own_name(),
                login=replace(login, username=login.username or username),
                starttls=tls if mode == "starttls" else None,
            )
            return MailSession(client)

        return lent(
            self._pool,
            call,
            opened,
            port=_port(call.config),
            parts=(username,),
            max_bytes=_ANSWERS,
            tls_at_once=mode == "tls",
        )


def _port(config: Mapping[str, Any]) -> int:
    return location.port_of(config, _PORTS[str(config.get("tls", "starttls"))])


def _own_name() -> str:
    """What the hub calls itself in EHLO."""
    return urlsplit(settings.HUB_PUBLIC_URL).hostname or "localhost"


def _sent(call: AdapterCall, mail: Mail) -> Sent:
    scheme = "smtps" if call.config.get("tls") == "tls" else "smtp"
    url = location.url_of(scheme, str(call.config["host"]), _port(call.config))
    return Sent("SEND", url, {"message_id": mail.id}, jsonsafe.dumps(dict(mail.shown)))


def _result(mail: Mail, receipt: Receipt) -> dict[str, Any]:
    return {
        "message_id": mail.id,
        "accepted": list(receipt.accepted),
        "refused": _each(receipt.refused),
        "reply": _said(receipt.reply),
    }


def _each(refused: Mapping[str, Reply]) -> list[dict[str, Any]]:
    return [{"address": address, **_said(reply)} for address, reply in refused.items()]


def _said(reply: Reply) -> dict[str, Any]:
    return {"code": reply.code, "text": reply.text}


def _refused(declined: Declined, exchange: Exchanged) -> AdapterAnswer:
    """Nothing of the message was taken; what the server refuses for now is asked again (429)."""
    reply, stage = declined.reply, declined.stage
    status = 429 if reply.code // 100 == 4 else 401 if stage == "login" else 422
    if reply.code == 530:  # it wants a login, or TLS, first
        status = 401
    value = {**_said(reply), "refused": _each(declined.refused)}
    said = f"refused the {stage} ({reply.code})"
    return json_answer(value, exchange=exchange, status=status, said=said)
