"""Mail of the adapter `smtp` reaches a real server as it was meant, to those it was meant for."""

from __future__ import annotations

from base64 import b64encode

import pytest

from integration_hub.egress.door import Deadline, Login, TlsOptions
from integration_hub.lib.errors import ConnectionFailed, TimedOut, ValidationFailed
from registry.adapter import adapters
from tests.executor.adapters.calling import answer, call_of, faults, value
from tests.executor.adapters.through import connect
from tests.mail_server import PASSWORD, USER, MailServer
from tests.raw_server import Peer, RawServer

LOGIN = Login(USER, PASSWORD)
BLOCK = {
    "from": "Acme Shop <shop@acme.example>",
    "to": "{to}",
    "cc": ["{cc}", "desk@acme.example"],
    "bcc": "{bcc}",
    "subject": "Your order {id}",
    "text": "Dear {name},\n.\nthank you.",
    "html": "<p>Dear {name}</p>",
    "headers": {"X-Order": "{id}"},
    "attachments": "files",
}
GIVEN = {"to": ["ada@acme.example", "Bob Ö. <bob@acme.example>"], "id": 7, "name": "Zoë & <b>"}


@pytest.fixture
def server():
    with MailServer() as made:
        yield made
        adapters.get("smtp").close()


@pytest.fixture
def config(server):
    return {"host": "127.0.0.1", "port": server.port, "tls": "off"}


def sent(config, parameters=None, *, block=None, **members):
    given = GIVEN if parameters is None else parameters
    return answer("smtp", config, {**BLOCK, **(block or {})}, given, login=LOGIN, **members)


def test_a_message_arrives_as_it_was_meant(config, server) -> None:
    file = {"filename": "Rechnung ü.pdf", "content": b64encode(b"\0pdf").decode()}
    given = {
        **GIVEN,
        "bcc": "boss@acme.example",
        "files": [{**file, "content_type": "application/pdf"}],
    }
    done = value("smtp", config, BLOCK, given, login=LOGIN)
    assert done["accepted"] == [
        "ada@acme.example", "bob@acme.example", "desk@acme.example", "boss@acme.example",
    ]  # fmt: skip
    assert (done["refused"], done["reply"]["code"]) == ([], 250)
    [taken] = server.taken
    assert (taken.sender, taken.recipients) == ("shop@acme.example", done["accepted"])
    message = taken.message
    assert message["Message-ID"] == done["message_id"] == "<0190-key@acme.example>"
    assert message["From"] == "Acme Shop <shop@acme.example>"
    assert [str(item) for item in message["To"].addresses] == [
        "ada@acme.example", '"Bob Ö." <bob@acme.example>',
    ]  # fmt: skip
    assert (message["Subject"], message["X-Order"]) == ("Your order 7", "7")
    assert b"boss@" not in taken.raw
    text = message.get_body(("plain",)).get_content()
    assert text.splitlines() == ["Dear Zoë & <b>,", ".", "thank you."]
    html = message.get_body(("html",)).get_content()
    assert html.strip() == "<p>Dear Zoë &amp; &lt;b&gt;</p>"
    [attached] = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("Rechnung ü.pdf", b"\0pdf")


def test_attempts_have_one_message_id_and_a_connection_serves_many(config, server) -> None:
    for _ in range(3):
        assert sent(config).status is None
    assert {taken.message["Message-ID"] for taken in server.taken} == {"<0190-key@acme.example>"}
    assert len(server.sessions) == 1


@pytest.mark.parametrize("name", ["to", "cc", "bcc", "name", "id"])
@pytest.mark.parametrize("text", ["a\r\nBcc: eve@evil.example", "a\nb", "a\0b"])
def test_no_value_becomes_a_header_or_a_recipient(config, server, name, text) -> None:
    given = {**GIVEN, name: text}
    if name == "name":
        sent(config, given)
        assert server.taken[-1].message["Bcc"] is None
        return
    with pytest.raises(ValidationFailed) as caught:
        sent(config, given)
    assert caught.value.errors[0].pointer == f"/parameters/{name}"
    assert server.taken == []


@pytest.mark.parametrize(
    "text",
    [
        "a@b.example, eve@evil.example",
        "a@b.example eve@evil.example",
        "<a@b.example> <eve@evil.example>",
        "nobody",
        "@b.example",
        "a@",
        "a@b..example",
        '"a@evil.example"@b.example',
        "group: a@b.example;",
        5,
        "",
    ],
)
def test_what_is_not_one_address_is_refused(config, server, text) -> None:
    with pytest.raises(ValidationFailed):
        sent(config, {**GIVEN, "to": text})
    assert server.taken == []


def test_a_domain_in_other_letters_is_written_as_mail_servers_know_it(config, server) -> None:
    sent(config, {**GIVEN, "to": "ada@bücher.example"})
    assert server.taken[0].recipients[0] == "ada@xn--bcher-kva.example"


def test_refused_recipients_are_named_and_the_others_get_the_message(config, server) -> None:
    server.says["bob@acme.example"] = "550 no such user"
    done = value("smtp", config, BLOCK, GIVEN, login=LOGIN)
    assert done["refused"] == [{"address": "bob@acme.example", "code": 550, "text": "no such user"}]
    assert server.taken[0].recipients == ["ada@acme.example", "desk@acme.example"]


def test_to_all_or_to_none(config, server) -> None:
    server.says["bob@acme.example"] = "450 try later"
    refused = sent(config, block={"partly": False})
    assert (refused.status, refused.said) == (429, "refused the recipients (450)")
    assert server.taken == []
    assert sent(config, {**GIVEN, "to": "ada@acme.example"}).status is None


def test_refusals_are_told_apart(config, server) -> None:
    server.says = dict.fromkeys(("ada@acme.example", "desk@acme.example"), "550 no")
    assert sent(config, {"to": "ada@acme.example"}).status == 422
    server.says = {"shop@acme.example": "554 spam"}
    spam = sent(config)
    assert (spam.status, spam.said) == (422, "refused the message (554)")
    server.says = {"shop@acme.example": "451 later"}
    assert sent(config).status == 429
    bad = answer("smtp", config, BLOCK, GIVEN, login=Login(USER, "wrong-password"))
    assert (bad.status, bad.said) == (401, "refused the login (535)")
    assert answer("smtp", config, BLOCK, GIVEN).status == 401  # it wants one
    assert server.taken == []


@pytest.mark.parametrize(
    "file",
    [
        "text",
        {"filename": "a", "content": "not base64!"},
        {"filename": "a\r\nX: y", "content": ""},
        {"filename": "a", "content": "", "content_type": "text/plain\r\nX: y"},
        {"filename": "a", "content": "", "content_type": "multipart/mixed"},
    ],
)
def test_an_attachment_that_is_none_is_refused_at_its_place(config, server, file) -> None:
    with pytest.raises(ValidationFailed) as caught:
        sent(config, {**GIVEN, "files": [file]})
    assert caught.value.errors[0].pointer == "/parameters/files/0"


def test_too_many_recipients_or_too_many_bytes_are_not_sent(config, server) -> None:
    with pytest.raises(ValidationFailed, match="at most 100"):
        sent(config, {**GIVEN, "to": [f"a{n}@acme.example" for n in range(101)]})
    with pytest.raises(ValidationFailed, match="bytes"):
        sent(config, {**GIVEN, "name": "x" * 3000}, block={"max_bytes": 2000})
    with pytest.raises(ValidationFailed, match="recipient"):
        answer("smtp", config, {"from": "a@b.example", "to": "{to}"}, {}, login=LOGIN)
    assert server.taken == []


@pytest.mark.parametrize("mode", ["starttls", "tls"])
def test_under_tls_the_certificate_is_verified(mode, authority) -> None:
    context = authority.context("127.0.0.1")
    with MailServer(tls=context, at_once=mode == "tls") as server:
        config = {"host": "127.0.0.1", "port": server.port, "tls": mode}
        trusting = TlsOptions(authorities=authority.pem)
        for _ in range(2):
            assert sent(config, tls=trusting).status is None
        with pytest.raises(ConnectionFailed, match="was not accepted") as caught:
            sent(config)
        assert caught.value.sent is False
        assert len(server.taken) == 2
        adapters.get("smtp").close()


def test_without_starttls_there_is_neither_login_nor_message(config, server, authority) -> None:
    config["tls"] = "starttls"
    with pytest.raises(ConnectionFailed, match="offers no STARTTLS") as caught:
        sent(config, tls=TlsOptions(authorities=authority.pem))
    assert caught.value.sent is False
    assert server.taken == []


def talk(*, until: bytes):
    """A server that falls silent when it has read `until`."""

    def serve(peer: Peer) -> None:
        peer.say(b"220 mail.acme.example\r\n")
        said = b""
        while until not in said:
            piece = peer.sock.recv(65536)
            said += piece
            if until in said or b"DATA\r\n" in said[: -len(piece)]:
                continue
            peer.say(b"354 go on\r\n" if piece.startswith(b"DATA") else b"250 OK\r\n")
        peer.hang()

    return RawServer(serve)


@pytest.mark.parametrize(
    ("until", "known"), [(b"rcpt", True), (b"DATA", True), (b"\r\n.\r\n", False)]
)
def test_only_a_message_whose_end_has_left_may_have_been_taken(until, known) -> None:
    server = talk(until=until)
    config = {"host": "127.0.0.1", "port": server.port, "tls": "off"}
    block = {"from": "a@acme.example", "to": "b@acme.example", "text": "hello"}
    with pytest.raises(TimedOut) as caught:
        answer("smtp", config, block, deadline=Deadline(0.5))
    assert caught.value.sent is not known
    server.close()


SCHEMA = {"properties": {"to": {"type": "array"}, "name": {}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("block", "place", "code"),
    [
        ({"from": "nobody"}, "/smtp/from", "FORMAT"),
        ({"to": ["a@b.example", "c"]}, "/smtp/to/1", "FORMAT"),
        ({"subject": "{"}, "/smtp/subject", "FORMAT"),
        ({"text": "{nme}"}, "/smtp/text", "UNKNOWN_PARAMETER"),
        ({"attachments": "files"}, "/smtp/attachments", "UNKNOWN_PARAMETER"),
        ({"headers": {"Bcc": "x"}}, "/smtp/headers/Bcc", "FORBIDDEN_HEADER"),
        ({"headers": {"Content-Type": "x"}}, "/smtp/headers/Content-Type", "FORBIDDEN_HEADER"),
        ({"headers": {"a b": "x"}}, "/smtp/headers/a b", "FORMAT"),
    ],
)
def test_each_fault_has_its_place(block, place, code) -> None:
    whole = {"from": "a@b.example", "to": "{to}", **block}
    found = [(item.pointer, item.code) for item in faults("smtp", whole, param_schema=SCHEMA)]
    assert (place, code) in found


def test_a_preview_needs_no_server_and_shows_neither_text_nor_login() -> None:
    call = call_of("smtp", {"host": "mail.acme.example"}, BLOCK, GIVEN, login=LOGIN)
    shown = adapters.get("smtp").preview(call)
    assert (shown.operation, shown.url) == ("SEND", "smtp://mail.acme.example:587")
    assert b'"subject":"Your order 7"' in shown.body
    assert PASSWORD not in repr(shown)


@pytest.mark.django_db
def test_in_the_hub_mail_is_sent_once_and_masks_hold(config, server) -> None:
    document = {
        "slug": "mail",
        "name": "Mail",
        "version": "1.0.0",
        "type": "smtp",
        "auth": [{"type": "basic"}],
        "retry": {"max_attempts": 3, "initial_delay_ms": 1},
        "methods": {"send": {"smtp": BLOCK, "sensitive": ["parameters.to"]}},
    }
    data = {"username": USER, "password": PASSWORD}
    call = connect(document, config, type="basic", data=data)
    made = call("send", {**GIVEN, "to": "ada.lovelace@acme.example", "name": PASSWORD})
    assert made.status == 200
    execution = made.body["execution_id"]
    assert server.taken[0].message["Message-ID"] == f"<{execution}@acme.example>"
    assert PASSWORD not in made.kept
    assert "ada.lovelace" not in made.payload.exchanges
    server.says["shop@acme.example"] = "451 later"
    later = call("send", GIVEN)
    assert later.body["code"] == "INTEGRATION_ERROR"
    assert later.payload.exchanges.count('"SEND"') == 3
