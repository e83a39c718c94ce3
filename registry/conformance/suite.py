"""The suite itself: pytest runs it for every class that gives it a `rig`."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.test import override_settings

from integration_hub.egress.door import Deadline
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import (
    AdapterFailed,
    Cancelled,
    ConnectionFailed,
    HubError,
    TargetForbidden,
    UpstreamError,
)
from integration_hub.lib.schema import compile_schema
from registry.adapter import AdapterAnswer, Exchanged, Sent, fault_of
from registry.adapter_isolation import GRACE_SECONDS, called
from registry.conformance import hostile
from registry.conformance.rig import Rig, Try, Wrong

SHORT = 0.6
SLACK = 2.0
CAP = 1024 * 1024
BUFFERS = 16 * 1024 * 1024  # what the kernel and one read may hold beside the cap


class AdapterSuite:
    """What the hub relies on. Give it a fixture `rig` that yields a `Rig`."""

    # --- what it says of itself ---------------------------------------------
    def test_it_says_what_it_is(self, rig: Rig) -> None:
        adapter = rig.adapter
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,39}", adapter.type)
        assert adapter.title
        assert fault_of(adapter.type, adapter) == ""
        assert adapter.supported_auth
        assert all(isinstance(name, str) for name in adapter.supported_auth)

    def test_its_schemas_admit_what_works_and_refuse_an_unknown_member(self, rig: Rig) -> None:
        config = compile_schema(dict(rig.adapter.config_schema()))
        assert not config.faults(dict(rig.config), "")
        block = compile_schema(dict(rig.adapter.method_schema()))
        assert not block.faults(dict(rig.works.block), "")
        assert block.faults({**rig.works.block, "no_such_member": 1}, "")

    def test_a_wrong_method_is_refused_at_its_place(self, rig: Rig) -> None:
        assert not list(rig.adapter.check_method(rig.works.method()))
        for wrong in rig.wrong:
            faults = list(rig.adapter.check_method(_method(wrong)))
            pointers = [fault.pointer for fault in faults]
            assert wrong.pointer in pointers, (wrong.block, pointers)
            assert all(fault.detail and fault.code for fault in faults)

    def test_it_says_what_is_safe_to_repeat(self, rig: Rig) -> None:
        assert isinstance(rig.adapter.is_idempotent(rig.works.block), bool)
        assert isinstance(rig.adapter.needed_parameters(rig.works.block), Set)
        if rig.changes is not None:
            assert rig.adapter.is_idempotent(rig.changes.block) is False

    def test_judging_and_previewing_open_no_connection(self, rig: Rig) -> None:
        with hostile.serving(hostile.silent) as server, suppress(HubError):
            config = rig.at(hostile.HOST, server.port)
            list(rig.adapter.check_method(rig.works.method()))
            rig.adapter.is_idempotent(rig.works.block)
            shown = rig.adapter.preview(rig.call(config=config, deadline=Deadline(SHORT)))
            assert not _leaks(rig, repr(shown))
        assert server.connections == 0

    # --- a call that works ----------------------------------------------------
    def test_a_call_works_and_shows_what_was_sent(self, rig: Rig) -> None:
        answer = called(rig.adapter, rig.call())
        _require_good(answer)
        shown = rig.adapter.preview(rig.call())
        if isinstance(answer.exchange, Exchanged):
            sent = answer.exchange.request
            assert sent.operation
            assert "://" in sent.url
            assert not _leaks(rig, repr(sent)), "a Sent holds nothing of the credential"
            assert isinstance(shown, Sent)
            assert (shown.operation, shown.url) == (sent.operation, sent.url)

    def test_one_object_serves_many_threads(self, rig: Rig) -> None:
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(called, rig.adapter, rig.call()) for _ in range(8)]
            for made in calls:
                _require_good(made.result(30))

    def test_it_can_be_closed_and_started_again(self, rig: Rig) -> None:
        rig.adapter.initialize()
        _require_good(called(rig.adapter, rig.call()))
        rig.adapter.close()
        rig.adapter.close()
        rig.adapter.initialize()
        _require_good(called(rig.adapter, rig.call()))

    def test_the_credential_shows_in_no_repr(self, rig: Rig) -> None:
        assert not _leaks(rig, repr(rig.call()))
        assert not _leaks(rig, repr(rig.login))

    # --- time -----------------------------------------------------------------
    @pytest.mark.parametrize("behaviour", [hostile.silent, hostile.drips])
    def test_the_deadline_is_kept(self, rig: Rig, behaviour: hostile.Behaviour) -> None:
        with hostile.serving(behaviour) as server:
            began = time.monotonic()
            error = _failure(rig, config=rig.at(hostile.HOST, server.port), seconds=SHORT)
            took = time.monotonic() - began
        assert took < SHORT + GRACE_SECONDS + SLACK
        kinds = UpstreamError if rig.adapter.keeps_deadline else (UpstreamError, AdapterFailed)
        assert isinstance(error, kinds), error

    def test_a_deadline_that_has_passed_sends_nothing(self, rig: Rig) -> None:
        with hostile.serving(hostile.silent) as server:
            error = _failure(rig, config=rig.at(hostile.HOST, server.port), seconds=0)
            assert server.received == 0
        assert not getattr(error, "sent", False)

    def test_a_cancelled_call_ends_soon(self, rig: Rig) -> None:
        cancelled = threading.Event()
        with hostile.serving(hostile.silent) as server:
            threading.Timer(0.2, cancelled.set).start()
            began = time.monotonic()
            deadline = Deadline(20, cancelled=cancelled)
            error = _failure(rig, config=rig.at(hostile.HOST, server.port), deadline=deadline)
            assert time.monotonic() - began < 1.2 + SLACK
        assert isinstance(error, Cancelled), error

    # --- where it may go --------------------------------------------------------
    def test_a_forbidden_address_is_not_called(self, rig: Rig) -> None:
        with hostile.serving(hostile.silent) as server:
            with override_settings(HUB_OUTBOUND_ALLOW=[]):
                error = _failure(rig, config=rig.at(hostile.HOST, server.port), seconds=5)
            assert isinstance(error, TargetForbidden), error
            assert server.connections == 0
        error = _failure(rig, config=rig.at("169.254.169.254", 80), seconds=5)
        assert isinstance(error, TargetForbidden), error

    def test_the_credential_goes_to_the_hosts_of_the_definition_alone(self, rig: Rig) -> None:
        with hostile.serving(hostile.silent) as server:
            config = rig.at(hostile.HOST, server.port)
            error = _failure(rig, config=config, seconds=5, allowed_hosts=("other.example",))
            assert isinstance(error, TargetForbidden), error
            assert server.received == 0

    # --- what goes wrong there ----------------------------------------------------
    def test_without_a_server_nothing_was_sent(self, rig: Rig) -> None:
        error = _failure(rig, config=rig.at(hostile.HOST, hostile.closed_port()), seconds=10)
        assert isinstance(error, ConnectionFailed), error
        assert error.sent is False

    def test_a_connection_that_is_cut_is_told_honestly(self, rig: Rig) -> None:
        with hostile.serving(hostile.cuts) as server:
            error = _failure(rig, config=rig.at(hostile.HOST, server.port), seconds=10)
            arrived = server.received > 0
        assert isinstance(error, UpstreamError), error
        if arrived and not rig.greets:
            assert error.sent, "bytes of the request may have left"

    def test_nonsense_is_the_servers_fault(self, rig: Rig) -> None:
        with hostile.serving(hostile.nonsense) as server:
            error = _failure(rig, config=rig.at(hostile.HOST, server.port), seconds=5)
        assert isinstance(error, UpstreamError), error

    def test_an_answer_without_end_is_bounded(self, rig: Rig) -> None:
        with (
            hostile.serving(hostile.floods) as server,
            override_settings(HUB_MAX_RESPONSE_BYTES=CAP),
        ):
            error = _failure(rig, config=rig.at(hostile.HOST, server.port), seconds=5)
            assert server.written < CAP + BUFFERS
        assert isinstance(error, UpstreamError), error


def _method(wrong: Wrong) -> Any:
    return Try(block=wrong.block, param_schema=wrong.param_schema).method()


def _failure(
    rig: Rig,
    *,
    config: Mapping[str, Any],
    seconds: float = 20,
    deadline: Deadline | None = None,
    allowed_hosts: tuple[str, ...] = (),
) -> HubError:
    """The error that the call ends with; none of its texts holds a secret."""
    call = rig.call(
        config=config, deadline=deadline or Deadline(seconds), allowed_hosts=allowed_hosts
    )
    with pytest.raises(HubError) as raised:
        called(rig.adapter, call)
    error = raised.value
    told = (error, error.detail, error.extra, error.errors, getattr(error, "upstream_body", ""))
    assert not _leaks(rig, " ".join(map(repr, told)))
    return error


def _leaks(rig: Rig, text: str) -> list[str]:
    return [secret for secret in rig.secrets if secret in text]


def _require_good(answer: AdapterAnswer) -> None:
    assert answer.status is None or answer.status < 300, (answer.status, answer.content[:300])
    if "json" in answer.content_type and answer.content:
        jsonsafe.loads(answer.content)
