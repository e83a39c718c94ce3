"""The `soap` adapter against a real SOAP service with its own WSDL."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import pytest
from lxml import etree

from executor.models import Execution
from executor.soap import wsdl as loading
from integration_hub.egress.door import Deadline, Login, Signed
from integration_hub.lib.errors import (
    Cancelled,
    InstanceNotReady,
    IntegrationFailed,
    ResponseInvalid,
    ResponseTooLarge,
    TargetForbidden,
    TimedOut,
    ValidationFailed,
)
from integration_hub.lib.kept import Kept
from integration_hub.lib.schema import compile_schema
from registry.adapter import AdapterCall, adapters
from registry.spec import MethodSpec
from tests.executor.adapters.conftest import unsigned
from tests.executor.adapters.through import connect
from tests.soap_server import ENV, NS, WSSE, SoapUpstream, wsdl

PASSWORD = "canary-<&>-71c4"
adapter = adapters.get("soap")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(loading, "_kept", Kept(items=4, seconds=900))
    found = SoapUpstream()
    yield found
    found.stop()


@pytest.fixture
def ask(server):
    """`ask("Echo", {...})`: one call; members of the block, and of the call, by keyword."""

    def make(operation, parameters=None, *, config=None, **members):
        given = {part: members.pop(part) for part in list(members) if part in CALL}
        login = given.pop("login", Login())
        spec = MethodSpec(name="m", protocol={"operation": operation, **members})
        return adapter.call(
            AdapterCall(
                method=spec,
                config={"wsdl": server.url, **(config or {})},
                parameters=parameters or {},
                body=None,
                has_body=False,
                deadline=given.pop("deadline", None) or Deadline(10),
                sign=given.pop("sign", unsigned),
                login=lambda: login,
                **given,
            )
        )

    return make


CALL = ("deadline", "allowed_hosts", "sign", "login")


def document(answer):
    return json.loads(answer.content)


FULL = {
    "id": 10**30,
    "total": "12.50",
    "day": "2026-11-23+02:00",
    "at": "2026-11-23T08:00:00.123456789Z",
    "wait": "P1Y2M",
    "photo": "AP8=",
    "paid": False,
    "weight": 0.1,
    "note": "a <b> & 'c'",
    "line": [{"sku": "x", "count": 2, "gift": True}, {"sku": "y", "count": -1, "gift": None}],
}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_typed_values_go_and_come_back_exactly(ask, server, version):
    answer = ask("Echo", FULL, version=version)
    assert document(answer) == FULL
    assert answer.status == 200
    [(path, headers, _)] = server.seen
    assert path == f"/soap/{version}"
    if version == "1.1":
        assert headers["soapaction"] == f'"{NS}#Echo"'
    else:
        assert f'action="{NS}#Echo"' in headers["content-type"]


def test_what_is_absent_is_null_or_an_empty_list(ask):
    found = document(ask("Echo"))
    assert found["total"] is None
    assert found["line"] == []


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"id": "many"}, "/parameters/id"),
        ({"id": 1.5}, "/parameters/id"),
        ({"id": True}, "/parameters/id"),
        ({"total": "1,5"}, "/parameters/total"),
        ({"day": "23.11.2026"}, "/parameters/day"),
        ({"at": "today 4711"}, "/parameters/at"),
        ({"photo": "!"}, "/parameters/photo"),
        ({"paid": "yes"}, "/parameters/paid"),
        ({"weight": "heavy"}, "/parameters/weight"),
        ({"line": [{"sku": "x", "count": "two"}]}, "/parameters/line/count"),
        ({"line": [{"sku": "x"}]}, "/parameters/line/count"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named_and_nothing_is_sent(
    ask, server, parameters, pointer
):
    with pytest.raises(ValidationFailed) as caught:
        ask("Echo", parameters)
    assert [fault.pointer for fault in caught.value.errors] == [pointer]
    assert "4711" not in str(caught.value)
    assert server.seen == []


@pytest.mark.parametrize("parameters", [{"nope": 1}, {"line": [{"nope": 1}]}])
def test_a_parameter_that_the_wsdl_does_not_know_is_refused_by_name(ask, server, parameters):
    with pytest.raises(ValidationFailed, match="nope"):
        ask("Echo", parameters)
    assert server.seen == []


@pytest.mark.parametrize("name", ["_soapheaders", "_raw_elements"])
def test_no_parameter_reaches_into_the_library(ask, server, name):
    with pytest.raises(ValidationFailed):
        ask("Echo", {name: ["x"]})
    assert server.seen == []


def test_text_that_xml_cannot_hold_is_refused(ask, server):
    with pytest.raises(ValidationFailed):
        ask("Echo", {"note": "a\x00b"})
    assert server.seen == []


def test_a_header_of_the_wsdl_is_filled_from_its_parameter(ask, server):
    ask("Echo", {"session": "s-1", "note": "x"}, soap_headers=["session"])
    [(_, _, root)] = server.seen
    assert root.findtext(f"{{{ENV['1.1']}}}Header/{{{NS}}}Session") == "s-1"


def test_an_unknown_operation_comes_with_near_names(ask):
    with pytest.raises(ValidationFailed) as caught:
        ask("Ecko")
    assert "Echo" in caught.value.suggestions
    with pytest.raises(ValidationFailed, match="port Nowhere"):
        ask("Echo", port="Nowhere")


def test_the_wsdl_is_read_and_compiled_once(ask, server):
    for _ in range(3):
        ask("Echo")
    assert server.wsdl_reads == 1


def test_what_is_kept_is_bounded_and_holds_no_credential(ask, server):
    for number in range(6):
        ask("Echo", config={"wsdl": f"{server.url}&v={number}"})
    assert len(loading._kept) == 4
    assert all(found[1].transport._call is None for found in loading._kept._found.values())


def test_the_wsdl_may_be_a_text(ask, server):
    assert document(ask("Echo", config={"wsdl": wsdl(server.port)}))["id"] is None
    assert server.wsdl_reads == 0


def test_the_config_says_where_the_service_is(ask, server):
    ask("Echo", config={"wsdl": wsdl(9), "base_url": f"http://127.0.0.1:{server.port}/other/1.1"})
    assert server.seen[0][0] == "/other/1.1"


def test_a_wsdl_that_names_another_host_gets_no_credential(ask, server):
    server.wsdl_text = wsdl(server.port).replace("127.0.0.1", "localhost")
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        ask("Echo")
    assert server.seen == []
    ask("Echo", allowed_hosts=("localhost",))
    assert len(server.seen) == 1


IMPORTS = [
    '<xs:include schemaLocation="http://10.0.0.1/types.xsd"/>',
    '<xs:import namespace="urn:x" schemaLocation="http://169.254.169.254/latest/meta-data"/>',
]


@pytest.mark.parametrize("types", IMPORTS)
def test_an_import_from_a_private_address_is_refused(ask, server, types):
    server.wsdl_text = wsdl(server.port, types=types)
    with pytest.raises(TargetForbidden):
        ask("Echo")
    with pytest.raises(TargetForbidden):
        ask("Echo", config={"wsdl": wsdl(server.port, types=types)})
    assert server.seen == []


@pytest.mark.parametrize("location", ["/etc/passwd", "file:///etc/passwd", "types.xsd"])
def test_an_import_of_a_file_is_refused(ask, server, location):
    types = f'<xs:include schemaLocation="{location}"/>'
    with pytest.raises(InstanceNotReady, match=r"config\.wsdl"):
        ask("Echo", config={"wsdl": wsdl(server.port, types=types)})
    assert server.seen == []


def test_an_import_in_a_circle_ends(ask, server):
    here = f'<xs:include schemaLocation="http://127.0.0.1:{server.port}/orders?wsdl=1"/>'
    schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{}</xs:schema>'
    server.wsdl_text = schema.format(here)
    ask("Echo", config={"wsdl": wsdl(server.port, types=here)})
    assert server.wsdl_reads <= 3


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
DTDS = [BOMB, '<!DOCTYPE x SYSTEM "http://10.0.0.1/x.dtd">', "<!DOCTYPE x []>"]


@pytest.mark.parametrize("dtd", DTDS)
def test_a_wsdl_with_a_doctype_is_refused(ask, server, dtd):
    server.wsdl_text = wsdl(server.port, extra=dtd)
    with pytest.raises(ResponseInvalid, match="DOCTYPE") as caught:
        ask("Echo")
    assert caught.value.sent is False


@pytest.mark.parametrize(
    "text",
    [
        "<a" + "<b>" * 300,
        "<a>" + "<b/>" * 100_001 + "</a>",
        "<a>" * 250 + "</a>" * 250,
        "no xml",
        "<a/>",
        "<html><body>Login</body></html>",
    ],
)
def test_a_wsdl_that_is_none_is_refused_in_bounded_time(ask, server, text):
    began = time.perf_counter()
    server.wsdl_text = text
    with pytest.raises((ResponseInvalid, ValidationFailed)):
        ask("Echo")
    assert time.perf_counter() - began < 5


def test_a_wsdl_above_its_size_is_refused(ask, server):
    server.wsdl_text = "<a>" + "x" * (loading.MAX_BYTES + 1) + "</a>"
    with pytest.raises(ResponseTooLarge):
        ask("Echo")


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_wsdl_that_is_not_given_out_is_said_so(ask, server, status):
    server.wsdl_status = status
    with pytest.raises(IntegrationFailed, match=str(status)) as caught:
        ask("Echo")
    assert (caught.value.sent, caught.value.upstream_status) == (False, status)
    server.wsdl_status = 200
    assert ask("Echo").status == 200


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Client", 400),
        ("Sender", 400),
        ("Server", 500),
        ("Receiver", 500),
        ("FailedAuthentication", 401),
        ("", 500),
    ],
)
def test_a_fault_says_whose_fault_it_is(ask, server, version, code, status):
    server.fault = (code, "it  broke", f'<Reason xmlns="{NS}"><at>7</at></Reason>')
    answer = ask("Fail", version=version)
    assert answer.status == status
    fault = document(answer)["fault"]
    assert (fault["code"], fault["message"]) == (code, "it broke")
    assert fault["detail"][0]["Reason"]["at"] == "7"
    assert answer.said.startswith("answered with the fault")


def test_a_fault_within_a_fault_counts_too(ask, server):
    server.fault = ("Sender.InvalidSecurityToken", "no", "")
    answer = ask("Fail", version="1.2")
    assert answer.status == 401
    assert document(answer)["fault"]["subcodes"] == ["InvalidSecurityToken"]


def soap(inside):
    return f'<s:Envelope xmlns:s="{ENV["1.1"]}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


HREFS = (
    "".join(f'<b id="i{n}">' + f'<c href="#i{n + 1}"/>' * 10 + "</b>" for n in range(12))
    + '<b id="i12">x</b>'
)


@pytest.mark.parametrize(
    "content",
    [
        b"no xml",
        b"<html/>",
        b"<a>" * 300,
        BOMB.encode() + soap("<x/>"),
        soap(f'<RawResponse xmlns="{NS}"><id>many</id></RawResponse>'),
        soap(f'<RawResponse xmlns="{NS}"><paid>maybe</paid></RawResponse>'),
        soap(f'<Other xmlns="{NS}"/>'),
        soap('<b href="#x"/><b id="x"><b href="#x"/></b>'),
        soap(HREFS),
    ],
)
def test_an_answer_that_is_none_is_refused_in_bounded_time(ask, server, content):
    server.raw = (200, "text/xml", content)
    began = time.perf_counter()
    with pytest.raises(ResponseInvalid):
        ask("Raw")
    assert time.perf_counter() - began < 5


def test_a_page_of_a_server_in_between_is_judged_by_its_status(ask, server):
    server.raw = (502, "text/html", b"<p>bad gateway")
    answer = ask("Raw")
    assert (answer.status, answer.content) == (502, b"<p>bad gateway")


def test_an_operation_without_an_answer_has_no_result(ask, server):
    server.raw = (202, "text/xml", b"")
    answer = ask("Raw")
    assert (answer.status, answer.content) == (202, b"")


def test_an_answer_in_parts_is_put_together(ask, server):
    include = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:p1"/>'
    root = soap(f'<RawResponse xmlns="{NS}"><photo>{include}</photo></RawResponse>')
    parts = (
        b"--B\r\nContent-Type: application/xop+xml\r\nContent-ID: <root>\r\n\r\n" + root,
        b"\r\n--B\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\n\r\n\x00\xff\r\n--B--\r\n",
    )
    server.raw = (200, 'multipart/related; boundary=B; type="text/xml"', b"".join(parts))
    assert document(ask("Raw"))["photo"] == "AP8="


@pytest.mark.parametrize("kind", ["text", "digest"])
def test_a_username_token_logs_in_and_is_not_kept(ask, server, kind):
    server.password = PASSWORD
    login = Login("hub", PASSWORD, secrets=(PASSWORD,))
    answer = ask("Echo", {"note": "x"}, config={"ws_security": kind}, login=login)
    assert document(answer)["note"] == "x"
    assert b"UsernameToken" not in answer.exchange.request.body
    assert b"canary" not in answer.exchange.request.body
    assert ask("Echo", config={"ws_security": kind}, login=Login("hub", "other")).status == 401


def test_the_credential_may_stand_in_a_header_instead(ask, server):
    def with_token(request):
        return Signed(replace(request, headers={**request.headers, "Authorization": "Bearer t"}))

    ask("Echo", sign=with_token)
    [(_, headers, root)] = server.seen
    assert headers["authorization"] == "Bearer t"
    assert root.find(f".//{{{WSSE}}}Security") is None


def test_the_deadline_ends_a_service_that_hangs(ask):
    began = time.perf_counter()
    with pytest.raises(TimedOut) as caught:
        ask("Hang", deadline=Deadline(0.6))
    assert caught.value.sent is True
    assert time.perf_counter() - began < 2


def test_a_cancel_ends_it_too(ask):
    deadline = Deadline(30)
    threading.Timer(0.3, deadline.cancel).start()
    with pytest.raises(Cancelled):
        ask("Hang", deadline=deadline)


def test_an_address_that_the_policy_forbids_is_not_called(ask, server, settings):
    text = wsdl(server.port)
    settings.HUB_OUTBOUND_ALLOW = []
    with pytest.raises(TargetForbidden):
        ask("Echo")
    with pytest.raises(TargetForbidden):
        ask("Echo", config={"wsdl": text})
    assert (server.wsdl_reads, server.seen) == (0, [])


def test_the_preview_asks_nobody(ask, server):
    spec = MethodSpec(name="m", protocol={"operation": "Echo"})
    call = AdapterCall(
        method=spec,
        config={"wsdl": server.url},
        parameters={"note": "x"},
        body=None,
        has_body=False,
        deadline=Deadline(10),
        sign=unsigned,
    )
    assert adapter.preview(call) is None
    assert server.wsdl_reads == 0
    ask("Echo")
    assert etree.fromstring(adapter.preview(call).body).findtext(f".//{{{NS}}}note") == "x"


def faults(block, schema=None):
    shape = compile_schema(adapter.method_schema()).faults(block, "/soap")
    spec = MethodSpec(name="m", protocol=block, param_schema=schema)
    return {fault.pointer for fault in shape or adapter.check_method(spec)}


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"operation": ""}, "/soap/operation"),
        ({"version": "2.0"}, "/soap/version"),
        ({"soap_headers": ["a", "a"]}, "/soap/soap_headers"),
        ({"soap_headers": ["other"]}, "/soap/soap_headers/0"),
        ({"url": "x"}, "/soap/url"),
    ],
)
def test_a_bad_method_is_refused_with_the_place(members, pointer):
    schema = {"type": "object", "properties": {"note": {"type": "string"}}}
    assert pointer in faults({"operation": "Echo", **members}, schema)
    assert faults({"operation": "Echo", "soap_headers": ["note"]}, schema) == set()


DOCUMENT = {
    "slug": "orders",
    "name": "Orders",
    "version": "1.0.0",
    "type": "soap",
    "auth": [{"type": "basic"}],
    "default_config": {"ws_security": "text"},
    "retry": {"max_attempts": 3, "initial_delay_ms": 1},
    "methods": {
        "echo": {"soap": {"operation": "Echo"}},
        "fail": {"soap": {"operation": "Fail"}},
        "fail_again": {"soap": {"operation": "Fail"}, "idempotent": True},
        "busy_again": {
            "soap": {"operation": "Fail"},
            "idempotent": True,
            "transient": {"statuses": [503], "body": "fault.code == 'Server.Busy'"},
        },
        "hang": {"soap": {"operation": "Hang"}, "timeout_ms": 700},
    },
}


@pytest.fixture
def call(db, server):
    server.password = PASSWORD
    data = {"username": "hub", "password": PASSWORD}
    return connect(DOCUMENT, {"wsdl": server.url}, type="basic", data=data)


def test_a_call_brings_the_credential_and_keeps_it_to_itself(call):
    made = call("echo", {"note": f"see {PASSWORD}", "total": "1.10"})
    assert made.status == 200
    assert (made.body["data"]["note"], made.body["data"]["total"]) == ("see ***", "1.10")
    assert made.exchange["request"]["method"] == "POST"
    assert PASSWORD not in made.kept
    assert "canary" not in made.kept


def test_faults_are_repeated_only_where_that_helps_and_is_safe(call, server):
    server.fault = ("Server", "broken", "")
    assert call("fail").body["code"] == "INTEGRATION_ERROR"
    assert len(server.seen) == 1
    call("fail_again")
    assert len(server.seen) == 4
    server.fault = ("Client", "bad order", "")
    made = call("fail_again")
    assert (made.body["upstream"]["status"], made.body["retryable"]) == (400, False)
    assert "the fault Client" in made.body["detail"]
    assert len(server.seen) == 5


def test_the_definition_says_which_fault_is_transient(call, server):
    server.fault = ("Server.Busy", "later", "")
    call("busy_again")
    assert len(server.seen) == 3
    server.fault = ("Server.Broken", "never", "")
    call("busy_again")
    assert len(server.seen) == 4


def test_a_call_that_was_cut_off_has_no_known_outcome(call):
    made = call("hang")
    assert (made.body["code"], made.body["retryable"]) == ("TIMEOUT_ERROR", False)
    assert Execution.objects.get(pk=made.body["execution_id"]).status == "outcome_unknown"


def test_a_wrong_password_is_an_auth_error(call, server):
    server.password = "another"
    made = call("echo")
    assert (made.status, made.body["code"]) == (502, "AUTH_ERROR")
