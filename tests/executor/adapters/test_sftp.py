"""The `sftp` adapter against a real SSH server."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
import time
from base64 import b64encode

import paramiko
import pytest

from executor.models import Execution
from executor.sftp.host_key import fingerprint
from integration_hub.egress.door import Deadline, Login
from integration_hub.lib.errors import (
    AuthFailed,
    Cancelled,
    ConnectionFailed,
    InstanceNotReady,
    ResponseTooLarge,
    TargetForbidden,
    TimedOut,
    TransformFailed,
    ValidationFailed,
)
from integration_hub.lib.schema import compile_schema
from registry.adapter import AdapterCall, adapters
from registry.spec import MethodSpec
from tests.executor.adapters.conftest import unsigned
from tests.executor.adapters.through import connect
from tests.sftp_server import PASSWORD, USER, SftpUpstream

adapter = adapters.get("sftp")
LOGIN = Login(USER, PASSWORD, secrets=(PASSWORD,))
ANY = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("name", "new", "content")},
}


@pytest.fixture
def server(tmp_path):
    found = SftpUpstream(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def ask(server):
    """`ask("get", "/a.txt")`: one call; members of the block, and of the call, by keyword."""

    def make(operation, path, parameters=None, *, login=LOGIN, config=None, **members):
        given = {name: members.pop(name) for name in list(members) if name in CALL}
        spec = MethodSpec(
            name="m", protocol={"operation": operation, "path": path, **members}, param_schema=ANY
        )
        return adapter.call(
            AdapterCall(
                method=spec,
                config={
                    "host": "127.0.0.1",
                    "port": server.port,
                    "host_key": server.pin,
                    **(config or {}),
                },
                parameters=parameters or {},
                body=given.pop("body_given", None),
                has_body=False,
                deadline=given.pop("deadline", None) or Deadline(10),
                sign=unsigned,
                login=lambda: login,
                **given,
            )
        )

    return make


CALL = ("deadline", "allowed_hosts", "spool")


def document(answer):
    return json.loads(answer.content)


def test_a_file_is_put_listed_read_moved_and_removed(ask, tmp_path):
    assert document(ask("mkdir", "/in")) == {"path": "/in"}
    put = ask("put", "/in/{name}", {"name": "a.txt", "content": "grüße"})
    assert document(put) == {"path": "/in/a.txt", "size": 7}
    [entry] = document(ask("list", "/in"))["entries"]
    assert (entry["name"], entry["type"], entry["size"]) == ("a.txt", "file", 7)
    answer = ask("get", "/in/a.txt")
    assert (answer.content.decode(), answer.content_type) == ("grüße", "text/plain")
    assert document(ask("stat", "/in/a.txt"))["modified"].endswith("Z")
    ask("rename", "/in/a.txt", to="/in/{new}", parameters={"new": "b.txt"})
    assert os.listdir(tmp_path / "in") == ["b.txt"]
    ask("delete", "/in/b.txt")
    ask("delete", "/in")
    assert os.listdir(tmp_path) == []


def test_xml_is_judged_by_its_xsd_before_it_is_put(ask, tmp_path):
    xsd = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:element name="qty" type="xs:positiveInteger"/></xs:schema>'
    )
    ask("put", "/a.xml", {"qty": 1}, body="xml", body_xsd=xsd)
    with pytest.raises(TransformFailed, match="does not fit its XSD"):
        ask("put", "/b.xml", {"qty": 0}, body="xml", body_xsd=xsd)
    assert os.listdir(tmp_path) == ["a.xml"]


def test_bytes_are_put_from_base64_and_arrive_as_they_are(ask, tmp_path):
    data = os.urandom(300_000)
    ask("put", "/a.bin", {"content": b64encode(data).decode()}, body="base64")
    assert (tmp_path / "a.bin").read_bytes() == data
    assert ask("get", "/a.bin").content == data


@pytest.mark.parametrize(
    ("text", "status"), [("/nothing.txt", 404), ("/closed/x", 404), ("/folder", 409)]
)
def test_what_the_server_says_no_to_is_an_answer_with_the_status_that_says_the_same(
    ask, tmp_path, text, status
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "full").write_text("x")
    answer = ask("delete", text)
    assert answer.status == status
    assert answer.said
    assert document(answer)["error"] == answer.said


def test_a_folder_that_exists_is_a_conflict_and_no_outage(ask):
    ask("mkdir", "/in")
    assert ask("mkdir", "/in").status == 409


def test_a_reader_never_sees_half_a_file_and_a_broken_put_leaves_nothing(ask, server, tmp_path):
    (tmp_path / "a.txt").write_text("old")
    server.die_at = "write"
    with pytest.raises(ConnectionFailed) as caught:
        ask("put", "/a.txt", {"content": "x" * 1_000_000})
    assert caught.value.sent is True
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_put_that_the_server_will_not_finish_removes_its_part(ask, server, tmp_path):
    (tmp_path / "a.txt").write_text("old")
    server.posix_rename = False
    answer = ask("put", "/a.txt", {"content": "new"})
    assert answer.status == 409
    assert os.listdir(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_what_is_there_is_kept_where_the_method_says_so(ask, tmp_path):
    (tmp_path / "a.txt").write_text("old")
    assert ask("put", "/a.txt", {"content": "new"}, overwrite=False).status == 409
    assert (tmp_path / "a.txt").read_text() == "old"
    ask("put", "/a.txt", {"content": "new"})
    assert (tmp_path / "a.txt").read_text() == "new"


def test_an_unknown_host_key_is_refused_before_the_login_and_named(ask, server):
    with pytest.raises(ConnectionFailed) as caught:
        ask("list", "/", config={"host_key": ""})
    assert fingerprint(server.key.asbytes()) in caught.value.detail
    assert caught.value.sent is False
    assert server.logins == []
    found = fingerprint(server.key.asbytes())
    assert document(ask("list", "/", config={"host_key": found})) == {
        "entries": [],
        "complete": True,
    }


def test_another_host_key_than_the_pinned_one_is_refused(ask, server):
    other = paramiko.ECDSAKey.generate()
    with pytest.raises(ConnectionFailed, match=r"not the one in config\.host_key"):
        ask("list", "/", config={"host_key": f"h {other.get_name()} {other.get_base64()}"})
    assert server.logins == []


def test_a_host_key_that_is_none_is_a_fault_of_the_config(ask):
    with pytest.raises(InstanceNotReady, match=r"config\.host_key"):
        ask("list", "/", config={"host_key": "ssh-ed25519 !!"})


def test_a_wrong_password_is_an_auth_error_that_does_not_repeat_it(ask, server):
    with pytest.raises(AuthFailed) as caught:
        ask("list", "/", login=Login(USER, "wrong-9a1b"))
    assert "wrong-9a1b" not in str(caught.value)
    assert caught.value.sent is False
    assert server.operations == []


@pytest.mark.parametrize("passphrase", ["", "open sesame"])
@pytest.mark.parametrize("kind", [paramiko.ECDSAKey, paramiko.RSAKey])
def test_a_private_key_logs_in(ask, server, kind, passphrase):
    key = kind.generate(2048) if kind is paramiko.RSAKey else kind.generate()
    text = io.StringIO()
    key.write_private_key(text, password=passphrase or None)
    server.accepted_keys = [key.get_base64()]
    login = Login(USER, private_key=text.getvalue(), passphrase=passphrase)
    assert document(ask("list", "/", login=login))["complete"] is True
    assert server.logins == [(USER, "publickey")]


def test_a_key_with_another_passphrase_is_refused_before_it_is_shown(ask, server):
    text = io.StringIO()
    paramiko.ECDSAKey.generate().write_private_key(text, password="right")
    with pytest.raises(AuthFailed, match="passphrase"):
        ask("list", "/", login=Login(USER, private_key=text.getvalue(), passphrase="wrong"))
    assert server.logins == []


@pytest.mark.parametrize("name", ["..", "../x", "a/../../x", ".", "a//b", "a\\b", "a\x00b", ""])
def test_no_parameter_leads_out_of_the_root(ask, server, name):
    with pytest.raises(ValidationFailed):
        ask("get", "/in/{name}", {"name": name})
    assert server.logins == []


@pytest.mark.parametrize("operation", ["get", "list", "put", "delete"])
def test_a_link_on_the_server_does_not_lead_out_of_the_root(ask, tmp_path, operation):
    (tmp_path / "home").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "x").write_text("hidden")
    (tmp_path / "home" / "out").symlink_to(tmp_path / "secret")
    path = "/out" if operation == "list" else "/out/x"
    parameters = {"content": "new"} if operation == "put" else {}
    with pytest.raises(TargetForbidden, match="root"):
        ask(operation, path, parameters, config={"root": "/home"})
    assert (tmp_path / "secret" / "x").read_text() == "hidden"


def test_a_name_that_begins_like_the_root_is_not_inside_it(ask, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home2").mkdir()
    (tmp_path / "home" / "out").symlink_to(tmp_path / "home2")
    with pytest.raises(TargetForbidden):
        ask("list", "/out", config={"root": "/home"})


def test_a_long_listing_is_cut_and_says_so(ask, tmp_path):
    for number in range(30):
        (tmp_path / f"{number:02}.csv").touch()
    (tmp_path / "x.txt").touch()
    found = document(ask("list", "/", max_entries=10, pattern="*.csv"))
    assert len(found["entries"]) == 10
    assert found["complete"] is False
    assert document(ask("list", "/", pattern="*.csv"))["complete"] is True


def test_a_file_above_the_limit_is_refused_before_it_is_read(ask, server, tmp_path, settings):
    settings.HUB_MAX_RESPONSE_BYTES = 1_000
    (tmp_path / "a.txt").write_bytes(b"x" * 1_001)
    with pytest.raises(ResponseTooLarge):
        ask("get", "/a.txt")
    assert "read" not in server.operations


class Kept:
    """A spool in memory."""

    def __init__(self, max_bytes=10_000_000):
        self.max_bytes, self.pieces, self.ended = max_bytes, [], False

    def wants(self, status, fields):
        return fields["content-type"] == "application/octet-stream"

    def begin(self):
        self.pieces = []

    def write(self, piece):
        self.pieces.append(piece)

    def end(self):
        self.ended = True


def test_a_file_that_is_no_document_goes_to_the_spool_piece_by_piece(ask, tmp_path, settings):
    settings.HUB_MAX_RESPONSE_BYTES = 1_000
    data = os.urandom(1_500_000)
    (tmp_path / "a.dat").write_bytes(data)
    spool = Kept()
    answer = ask("get", "/a.dat", spool=spool, content_type="application/octet-stream")
    assert answer.spooled is True
    assert answer.content == b""
    assert b"".join(spool.pieces) == data
    assert len(spool.pieces) > 3
    assert spool.ended is True


@pytest.mark.parametrize(("operation", "path"), [("get", "/a.txt"), ("list", "/")])
def test_the_deadline_ends_a_server_that_stalls(ask, server, tmp_path, operation, path):
    (tmp_path / "a.txt").write_text("x")
    server.stall.set()
    began = time.perf_counter()
    with pytest.raises(TimedOut) as caught:
        ask(operation, path, deadline=Deadline(0.6))
    assert caught.value.sent is True
    assert time.perf_counter() - began < 2


def test_a_cancel_ends_it_too(ask, server):
    server.stall.set()
    deadline = Deadline(30)
    threading.Timer(0.3, deadline.cancel).start()
    began = time.perf_counter()
    with pytest.raises(Cancelled):
        ask("list", "/", deadline=deadline)
    assert time.perf_counter() - began < 3


def test_a_server_that_never_greets_is_given_up_before_anything_was_asked(ask, server):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimedOut) as caught:
        ask("list", "/", config={"port": silent.getsockname()[1]}, deadline=Deadline(0.5))
    assert caught.value.sent is False


def test_an_address_that_the_policy_forbids_is_not_called(ask, server, settings):
    settings.HUB_OUTBOUND_ALLOW = []
    with pytest.raises(TargetForbidden):
        ask("list", "/")
    assert server.logins == []


def test_a_login_goes_only_to_the_hosts_that_the_definition_allows(ask, server):
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        ask("list", "/", allowed_hosts=("*.acme.example",))
    assert server.logins == []


def test_the_log_shows_where_it_went_and_no_credential(ask):
    answer = ask("put", "/{name}", {"name": "a.txt", "content": "hello"})
    sent = answer.exchange.request
    assert sent.operation == "PUT"
    assert sent.url.startswith("sftp://127.0.0.1:")
    assert sent.url.endswith("/a.txt")
    assert sent.body == b"hello"
    assert PASSWORD not in repr(answer)


def faults(block, **members):
    shape = compile_schema(adapter.method_schema()).faults(block, "/sftp")
    if shape:
        return {fault.pointer for fault in shape}
    spec = MethodSpec(name="m", protocol=block, param_schema=ANY, **members)
    return {fault.pointer for fault in adapter.check_method(spec)}


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"operation": "put"}, "/sftp/path"),
        ({"operation": "run", "path": "/x"}, "/sftp/operation"),
        ({"operation": "get", "path": "/../x"}, "/sftp/path"),
        ({"operation": "get", "path": "/{other}"}, "/sftp/path"),
        ({"operation": "get", "path": "/{name"}, "/sftp/path"),
        ({"operation": "get", "path": "/"}, "/sftp/path"),
        ({"operation": "rename", "path": "/x"}, "/sftp/to"),
        ({"operation": "get", "path": "/x", "to": "/y"}, "/sftp/to"),
        ({"operation": "get", "path": "/x", "overwrite": True}, "/sftp/overwrite"),
        ({"operation": "list", "path": "/", "max_entries": 0}, "/sftp/max_entries"),
    ],
)
def test_a_bad_method_is_refused_with_the_place(block, pointer):
    assert pointer in faults(block)


def test_a_sound_method_has_no_faults():
    assert faults({"operation": "put", "path": "/in/{name}", "overwrite": False}) == set()
    assert faults({"operation": "list", "path": "", "pattern": "*.csv"}) == set()


@pytest.mark.parametrize(
    ("block", "repeats"),
    [
        ({"operation": "get"}, True),
        ({"operation": "put"}, True),
        ({"operation": "put", "overwrite": False}, False),
        ({"operation": "mkdir"}, False),
        ({"operation": "rename"}, False),
        ({"operation": "delete"}, True),
    ],
)
def test_only_what_does_no_harm_twice_is_repeated(block, repeats):
    assert adapter.is_idempotent(block) is repeats


DOCUMENT = {
    "slug": "drop",
    "name": "Drop box",
    "version": "1.0.0",
    "type": "sftp",
    "auth": [{"type": "basic"}],
    "methods": {
        "list": {"sftp": {"operation": "list", "path": "/"}},
        "read": {
            "sftp": {"operation": "get", "path": "/{name}"},
            "param_schema": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
            },
            "timeout_ms": 700,
            "circuit_breaker": {"window": 4, "min_calls": 2, "cooldown_ms": 60_000},
        },
        "write": {
            "sftp": {"operation": "put", "path": "/{name}", "body": "json", "overwrite": False},
            "param_schema": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
            },
            "timeout_ms": 700,
        },
    },
}


@pytest.fixture
def call(db, server):
    config = {"host": "127.0.0.1", "port": server.port, "host_key": server.pin}
    return connect(DOCUMENT, config, type="basic", data={"username": USER, "password": PASSWORD})


def test_a_document_on_the_server_is_the_result(call, tmp_path):
    written = call("write", {"name": "a.json", "total": 3, "note": f"see {PASSWORD}"})
    assert written.status == 200
    made = call("read", {"name": "a.json"})
    assert made.body["data"] == {"total": 3, "note": "see ***"}
    assert made.exchange["request"]["method"] == "GET"
    assert PASSWORD not in made.kept + written.kept


def test_what_is_no_document_becomes_a_file_of_the_hub(call, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\x00\x01")
    made = call("read", {"name": "a.bin"})
    file = made.body["data"]["file"]
    assert (file["name"], file["size"]) == ("a.bin", 2)


def test_a_missing_file_is_said_with_its_reason_and_opens_no_circuit(call):
    for _ in range(4):
        made = call("read", {"name": "none.json"})
        assert (made.status, made.body["code"]) == (502, "INTEGRATION_ERROR")
        assert made.body["upstream"]["status"] == 404
        assert "no such file" in made.body["detail"]


def test_a_server_that_stalls_opens_the_circuit(call, server, tmp_path):
    (tmp_path / "a.json").write_text("{}")
    server.stall.set()
    codes = [call("read", {"name": "a.json"}).body["code"] for _ in range(3)]
    assert codes == ["TIMEOUT_ERROR", "TIMEOUT_ERROR", "CIRCUIT_OPEN"]


def test_a_write_that_was_cut_off_has_no_known_outcome(call, server):
    server.stall.set()
    made = call("write", {"name": "a.json", "total": 3})
    assert (made.body["code"], made.body["retryable"]) == ("TIMEOUT_ERROR", False)
    assert Execution.objects.get(pk=made.body["execution_id"]).status == "outcome_unknown"


def test_a_wrong_login_is_an_auth_error(db, server):
    config = {"host": "127.0.0.1", "port": server.port, "host_key": server.pin}
    call = connect(DOCUMENT, config, type="basic", data={"username": USER, "password": "wrong-77"})
    made = call("list")
    assert (made.status, made.body["code"]) == (502, "AUTH_ERROR")
    assert "wrong-77" not in made.kept
