"""The `grpc` adapter against a real gRPC server that describes itself."""

from __future__ import annotations

import json
import socket
import threading
import time
from base64 import b64encode
from dataclasses import replace

import grpc
import pytest

from executor.adapters import grpc as module
from executor.models import Execution
from integration_hub.egress.door import Deadline, Signed, TlsOptions
from integration_hub.lib.errors import (
    Cancelled,
    ConnectionFailed,
    InstanceNotReady,
    IntegrationFailed,
    ResponseTooLarge,
    TargetForbidden,
    TimedOut,
    ValidationFailed,
)
from integration_hub.lib.schema import compile_schema
from registry.adapter import AdapterCall, adapters
from registry.spec import MethodSpec
from tests.certificates import Authority
from tests.executor.adapters.conftest import unsigned
from tests.executor.adapters.through import connect
from tests.grpc_server import DESCRIPTOR_SET, SERVICE, GrpcUpstream

SECRET = "canary-token-5d1e"
adapter = adapters.get("grpc")


@pytest.fixture
def server():
    found = GrpcUpstream()
    yield found
    found.stop()


@pytest.fixture
def ask(server):
    """`ask("Echo", {...})`: one call; members of the block, and of the call, by keyword."""

    def make(name, parameters=None, *, config=None, service=SERVICE, **members):
        given = {part: members.pop(part) for part in list(members) if part in CALL}
        spec = MethodSpec(name="m", protocol={"service": service, "method": name, **members})
        return adapter.call(
            AdapterCall(
                method=spec,
                config={"host": "127.0.0.1", "port": server.port, "tls": False, **(config or {})},
                parameters=parameters or {},
                body=None,
                has_body=False,
                deadline=given.pop("deadline", None) or Deadline(10),
                sign=given.pop("sign", unsigned),
                **given,
            )
        )

    return make


CALL = ("deadline", "allowed_hosts", "sign", "tls")


def document(answer):
    return json.loads(answer.content)


def with_token(request):
    headers = {**request.headers, "Authorization": f"Bearer {SECRET}"}
    return Signed(replace(request, headers=headers), (SECRET,))


def test_json_becomes_the_message_and_the_answer_json_again(ask, server):
    parameters = {
        "full_name": "Ada",
        "bigNumber": str(2**62 + 1),
        "photo": b64encode(b"\x00\xff").decode(),
        "createdAt": "2026-11-23T08:00:00.123456789Z",
        "friends": [{"fullName": "Bob", "active": True}],
    }
    answer = ask("Echo", parameters)
    assert document(answer) == {
        "fullName": "Ada",
        "bigNumber": str(2**62 + 1),
        "photo": "AP8=",
        "active": False,
        "score": 0.0,
        "createdAt": "2026-11-23T08:00:00.123456789Z",
        "friends": [
            {
                "fullName": "Bob",
                "bigNumber": "0",
                "photo": "",
                "active": True,
                "score": 0.0,
                "friends": [],
            }
        ],
    }
    [(_, _, message)] = server.seen
    assert message.big_number == 2**62 + 1
    assert answer.status is None
    assert answer.exchange.wire_bytes > 0


def test_fields_may_be_spelt_as_in_the_proto_file(ask):
    found = document(ask("Echo", {"full_name": "Ada"}, names="proto"))
    assert found["full_name"] == "Ada"


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"full_name": 7}, "/parameters/full_name"),
        ({"fullname": "x"}, "/parameters/fullname"),
        ({"bigNumber": "many"}, "/parameters/bigNumber"),
        ({"friends": [{"active": "yes"}]}, "/parameters/friends/active"),
        ({"createdAt": "yesterday-4711"}, "/parameters/createdAt"),
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


def test_a_server_is_asked_once_for_its_descriptors(ask, server):
    for _ in range(3):
        ask("Echo")
    first = server.asked_to_reflect
    assert 0 < first <= 4
    ask("Watch")
    assert server.asked_to_reflect == first


def test_what_is_kept_of_servers_is_bounded():
    assert len(module._described) <= 64


@pytest.mark.parametrize("service", ["acme.crm.v1.Nothing", "Contacts"])
def test_an_unknown_service_is_said_to_be_none(ask, service):
    with pytest.raises(IntegrationFailed, match="does not know") as caught:
        ask("Echo", service=service)
    assert (caught.value.upstream_status, caught.value.sent) == (404, False)


def test_an_unknown_method_comes_with_near_names(ask):
    with pytest.raises(ValidationFailed) as caught:
        ask("Ecko")
    assert "Echo" in caught.value.suggestions


def test_a_server_without_reflection_needs_a_descriptor_set(ask):
    mute = GrpcUpstream(reflects=False)
    try:
        with pytest.raises(IntegrationFailed, match="descriptor_set"):
            ask("Echo", config={"port": mute.port})
        found = ask("Echo", config={"port": mute.port, "descriptor_set": DESCRIPTOR_SET})
        assert document(found)["fullName"] == ""
    finally:
        mute.stop()


@pytest.mark.parametrize("text", ["!!", "aGVsbG8gd29ybGQ=", "Cg=="])
def test_a_descriptor_set_that_is_none_is_a_fault_of_the_config(ask, text):
    with pytest.raises(InstanceNotReady, match=r"config\.descriptor_set"):
        ask("Echo", config={"descriptor_set": text})


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALID_ARGUMENT", 400),
        ("UNAUTHENTICATED", 401),
        ("PERMISSION_DENIED", 403),
        ("NOT_FOUND", 404),
        ("ALREADY_EXISTS", 409),
        ("FAILED_PRECONDITION", 409),
        ("RESOURCE_EXHAUSTED", 429),
        ("INTERNAL", 500),
        ("UNIMPLEMENTED", 404),
        ("UNAVAILABLE", 503),
        ("DEADLINE_EXCEEDED", 504),
    ],
)
def test_a_status_of_the_server_is_an_answer_with_the_http_status_that_says_the_same(
    ask, server, code, status
):
    server.fail_with = (grpc.StatusCode[code], "because")
    answer = ask("Fail")
    assert answer.status == status
    assert document(answer) == {"code": code, "message": "because"}
    assert code in answer.said


def test_how_long_the_server_asks_to_wait_is_kept(ask, server):
    server.fail_with = (grpc.StatusCode.UNAVAILABLE, "busy")
    server.pushback = "2500"
    assert ask("Fail").headers == {"retry-after": "3"}


def test_a_stream_of_answers_is_a_list_up_to_its_cap(ask):
    whole = document(ask("Watch", {"bigNumber": 3}))
    assert [item["bigNumber"] for item in whole["messages"]] == ["0", "1", "2"]
    assert whole["complete"] is True
    cut = document(ask("Watch", {"bigNumber": 30}, max_messages=2))
    assert len(cut["messages"]) == 2
    assert cut["complete"] is False
    assert document(ask("Watch", {"bigNumber": 2}, max_messages=2))["complete"] is True


def test_a_stream_that_never_ends_is_held_to_the_size_of_an_answer(ask, settings):
    settings.HUB_MAX_RESPONSE_BYTES = 50_000
    with pytest.raises(ResponseTooLarge):
        ask("Endless", max_messages=10_000)


def test_a_message_above_the_size_of_an_answer_is_refused(ask, settings):
    settings.HUB_MAX_RESPONSE_BYTES = 50_000
    with pytest.raises(ResponseTooLarge):
        ask("Large", {"bigNumber": 60_000})
    assert len(document(ask("Large", {"bigNumber": 20_000}))["photo"]) > 20_000


def test_a_method_that_takes_a_stream_is_refused(ask):
    with pytest.raises(ValidationFailed, match="stream"):
        ask("Upload")


def test_the_deadline_ends_a_call_and_the_server_learns_of_it(ask, server):
    began = time.perf_counter()
    with pytest.raises(TimedOut) as caught:
        ask("Hang", deadline=Deadline(0.6))
    assert caught.value.sent is True
    assert time.perf_counter() - began < 2


def test_a_cancel_ends_it_too(ask):
    deadline = Deadline(30)
    threading.Timer(0.3, deadline.cancel).start()
    began = time.perf_counter()
    with pytest.raises(Cancelled) as caught:
        ask("Hang", deadline=deadline)
    assert caught.value.sent is True
    assert time.perf_counter() - began < 3


def test_a_server_that_dies_in_a_call_leaves_its_outcome_open(ask, server):
    ask("Echo")
    with pytest.raises(ConnectionFailed) as caught:
        ask("Die")
    assert caught.value.sent is True


def test_nothing_was_sent_to_a_server_that_is_not_there_or_speaks_otherwise(ask):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises((TimedOut, ConnectionFailed)) as caught:
            ask("Echo", config={"port": port}, deadline=Deadline(0.5))
        assert caught.value.sent is False
    with pytest.raises(ConnectionFailed) as caught:
        ask("Echo", config={"port": port})
    assert caught.value.sent is False


def test_metadata_is_filled_from_parameters_and_the_credential_stands_in_it(ask, server):
    metadata = {"x-tenant": "{tenant}", "x-left-out": "{none}", "x-fixed": "1"}
    answer = ask("Echo", {"tenant": "north"}, metadata=metadata, sign=with_token)
    [(_, seen, message)] = server.seen
    assert (seen["x-tenant"], seen["x-fixed"]) == ("north", "1")
    assert seen["authorization"] == f"Bearer {SECRET}"
    assert "x-left-out" not in seen
    assert message.full_name == ""
    assert SECRET not in repr(answer.exchange)
    assert answer.exchange.request.url == f"grpc://127.0.0.1:{server.port}/{SERVICE}/Echo"


def test_a_credential_that_belongs_into_a_query_is_refused(ask, server):
    def bent(request):
        return Signed(replace(request, url=request.url + "?key=x"))

    with pytest.raises(InstanceNotReady, match="header"):
        ask("Echo", sign=bent)
    assert server.seen == []


def test_an_address_that_the_policy_forbids_is_not_called(ask, server, settings):
    settings.HUB_OUTBOUND_ALLOW = []
    with pytest.raises(TargetForbidden):
        ask("Echo")
    assert server.asked_to_reflect == 0


def test_a_credential_goes_only_to_the_hosts_that_the_definition_allows(ask, server):
    with pytest.raises(TargetForbidden, match="allowed_hosts"):
        ask("Echo", allowed_hosts=("*.acme.example",), sign=with_token)
    assert server.asked_to_reflect == 0


@pytest.fixture
def secured(tmp_path):
    authority = Authority(tmp_path)
    key, chain = authority.leaf("localhost")
    found = GrpcUpstream(tls=(key.encode(), chain.encode()))
    yield authority, {"host": "localhost", "port": found.port, "tls": True}
    found.stop()


def test_the_name_that_tls_verifies_is_the_servers_own(ask, secured):
    authority, config = secured
    answer = ask("Echo", config=config, tls=TlsOptions(authorities=authority.pem))
    assert document(answer)["fullName"] == ""


@pytest.mark.parametrize("change", [{}, {"host": "127.0.0.1"}, {"tls": False}])
def test_a_server_whose_certificate_does_not_fit_gets_nothing(ask, secured, change):
    authority, config = secured
    tls = TlsOptions(authorities=authority.pem if change else "")
    with pytest.raises(ConnectionFailed) as caught:
        ask("Echo", config=config | change, tls=tls, deadline=Deadline(5))
    assert caught.value.sent is False


def test_verification_cannot_be_switched_off(ask, secured):
    _, config = secured
    with pytest.raises(ConnectionFailed, match="authorities"):
        ask("Echo", config=config, tls=TlsOptions(verify=False))


def faults(block, **members):
    shape = compile_schema(adapter.method_schema()).faults(block, "/grpc")
    if shape:
        return {fault.pointer for fault in shape}
    return {fault.pointer for fault in adapter.check_method(MethodSpec("m", "", protocol=block))}


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"service": "/x"}, "/grpc/service"),
        ({"method": "a.b"}, "/grpc/method"),
        ({"max_messages": 0}, "/grpc/max_messages"),
        ({"metadata": {"X-Upper": "1"}}, "/grpc/metadata/X-Upper"),
        ({"metadata": {"grpc-timeout": "1"}}, "/grpc/metadata/grpc-timeout"),
        ({"metadata": {"photo-bin": "1"}}, "/grpc/metadata/photo-bin"),
        ({"other": 1}, "/grpc/other"),
    ],
)
def test_a_bad_method_is_refused_with_the_place(members, pointer):
    assert pointer in faults({"service": SERVICE, "method": "Echo", **members})
    assert faults({"service": SERVICE, "method": "Echo"}) == set()


DOCUMENT = {
    "slug": "contacts",
    "name": "Contacts",
    "version": "1.0.0",
    "type": "grpc",
    "auth": [{"type": "bearer"}],
    "retry": {"max_attempts": 3, "initial_delay_ms": 1},
    "methods": {
        "echo": {"grpc": {"service": SERVICE, "method": "Echo"}, "sensitive": ["result.fullName"]},
        "fail": {"grpc": {"service": SERVICE, "method": "Fail"}},
        "fail_again": {"grpc": {"service": SERVICE, "method": "Fail"}, "idempotent": True},
        "hang": {
            "grpc": {"service": SERVICE, "method": "Hang"},
            "timeout_ms": 700,
            "circuit_breaker": {"window": 4, "min_calls": 2, "cooldown_ms": 60_000},
        },
        "limited": {
            "grpc": {"service": SERVICE, "method": "Echo"},
            "rate_limit": {"requests": 1, "per_seconds": 60, "burst": 1},
        },
    },
}


@pytest.fixture
def call(db, server):
    server.token = f"Bearer {SECRET}"
    config = {"host": "127.0.0.1", "port": server.port, "tls": False}
    return connect(DOCUMENT, config, type="bearer", data={"token": SECRET})


def test_a_call_brings_the_credential_and_keeps_it_to_itself(call):
    made = call("echo", {"fullName": f"see {SECRET}"})
    assert made.status == 200
    assert made.body["data"]["fullName"] == "see ***"
    assert made.exchange["request"]["method"] == "CALL"
    assert SECRET not in made.kept


def test_only_a_call_that_is_safe_to_repeat_is_repeated(call, server):
    server.fail_with = (grpc.StatusCode.UNAVAILABLE, "busy")
    made = call("fail")
    assert (made.body["code"], made.body["retryable"]) == ("INTEGRATION_ERROR", False)
    assert len(server.seen) == 1
    assert call("fail_again").body["code"] == "INTEGRATION_ERROR"
    assert len(server.seen) == 4


def test_what_the_call_itself_got_wrong_is_not_repeated(call, server):
    server.fail_with = (grpc.StatusCode.INVALID_ARGUMENT, f"bad {SECRET}")
    made = call("fail_again")
    assert made.body["upstream"]["status"] == 400
    assert "INVALID_ARGUMENT" in made.body["detail"]
    assert SECRET not in made.kept
    assert len(server.seen) == 1


def test_a_server_that_hangs_leaves_the_outcome_open_and_opens_the_circuit(call):
    first = call("hang")
    assert (first.body["code"], first.body["retryable"]) == ("TIMEOUT_ERROR", False)
    assert Execution.objects.get(pk=first.body["execution_id"]).status == "outcome_unknown"
    assert [call("hang").body["code"] for _ in range(2)] == ["TIMEOUT_ERROR", "CIRCUIT_OPEN"]


def test_limits_hold(call):
    assert call("limited").status == 200
    assert call("limited").body["code"] == "RATE_LIMIT_EXCEEDED"


def test_a_refused_credential_is_an_auth_error(call, server):
    server.token = "Bearer another"
    made = call("echo")
    assert (made.status, made.body["code"]) == (502, "AUTH_ERROR")
