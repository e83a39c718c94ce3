"""A looked-up secret that is refused is looked up anew, long before its time is over."""

from __future__ import annotations

import pytest

from credentials import lookups, services
from integration_hub.access.caller import Caller

OLD, NEW = "old-1a2b3c4d5e6f", "new-6f5e4d3c2b1a"


@pytest.fixture
def referred(guarded, upstream, monkeypatch):
    """`acme` with its token in a variable, that its process has looked up."""
    lookups._held.clear()
    monkeypatch.setenv("HUB_SECRET_ACME", OLD)
    services.put_credential(
        instance=guarded,
        type="bearer",
        data={"token": {"ref": "env:HUB_SECRET_ACME"}},
        caller=Caller.command("tests"),
    )
    upstream.let_in = {OLD}
    return guarded


def shown(upstream) -> str:
    return upstream.hits[-1]["headers"]["authorization"].removeprefix("Bearer ")


def test_after_a_401_the_next_call_uses_what_is_there_now(referred, call, upstream, monkeypatch):
    assert call("guarded")[1]["status"] == "completed"
    monkeypatch.setenv("HUB_SECRET_ACME", NEW)
    assert call("guarded")[1]["status"] == "completed"
    assert shown(upstream) == OLD, "while it is taken, it is not looked up again"
    upstream.let_in = {NEW}
    _, body = call("guarded")
    assert body["code"] == "AUTH_ERROR"
    assert shown(upstream) == OLD
    assert call("guarded")[1]["status"] == "completed"
    assert shown(upstream) == NEW
