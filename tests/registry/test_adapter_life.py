"""Adapters: registered, active, disabled; the versions that a definition supports."""

from __future__ import annotations

import pytest

from executor.adapters.http import HttpAdapter
from integration_hub.access.caller import Caller
from integration_hub.audit.models import AuditEntry
from integration_hub.coordination import revision
from integration_hub.lib.errors import AdapterFailed, InstanceNotReady, NotFound, ValidationFailed
from registry import adapter_life, adapter_manager, runtime, services
from registry.adapter import adapters, fault_of
from registry.models import Definition

ANYONE = Caller.command("tests")

URL = "/api/v1/adapters"


class Started(HttpAdapter):
    """Counts its starts and ends; fails its start while `wrong` is set."""

    type = "started"
    wrong: Exception | None = None

    def __init__(self) -> None:
        self.told: list[str] = []

    def initialize(self) -> None:
        self.told.append("initialize")
        if self.wrong is not None:
            raise self.wrong

    def close(self) -> None:
        self.told.append("close")


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    revision.forget()
    monkeypatch.setattr(adapter_life, "_here", adapter_life._Started(closes_at_exit=True))


@pytest.fixture
def adapter(db, monkeypatch):
    made = Started()
    monkeypatch.setattr(adapters, "_items", {**adapters._items, "started": made})
    return made


def state() -> tuple[str, str]:
    status = adapter_manager.get_adapter("started")
    return str(status.state), status.reason


def test_it_is_registered_until_its_first_call_and_then_active(adapter) -> None:
    assert state() == ("registered", "")
    for _ in range(3):
        assert adapter_manager.active_adapter("started") is adapter
    assert state() == ("active", "")
    assert adapter.told == ["initialize"]


def test_one_without_a_start_is_active_at_once(db) -> None:
    assert adapter_manager.get_adapter("http").state == "active"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (ValueError("a secret detail"), "it could not be started: ValueError"),
        (
            ModuleNotFoundError("x", name="grpc"),
            "the package grpc is not installed: pip install 'integration-hub[started]'",
        ),
        (AdapterFailed("No route to the broker."), "it could not be started: No route to the"),
    ],
)
def test_a_start_that_fails_disables_it_and_is_tried_again_a_minute_later(
    adapter, fake_clock, wrong, reason
) -> None:
    adapter.wrong = wrong
    for _ in range(2):
        with pytest.raises(InstanceNotReady, match=reason.split(":")[0]):
            adapter_manager.active_adapter("started")
    assert adapter.told == ["initialize"]
    disabled, said = state()
    assert disabled == "disabled"
    assert said.startswith(reason)
    adapter.wrong = None
    fake_clock.advance(61)
    assert adapter_manager.active_adapter("started") is adapter
    assert state() == ("active", "")


def test_a_start_that_hangs_is_given_up(adapter, monkeypatch) -> None:
    monkeypatch.setattr(adapter_life, "START_SECONDS", 0.1)
    monkeypatch.setattr(adapter, "wrong", None)
    monkeypatch.setattr(Started, "initialize", lambda _: _forever())
    with pytest.raises(InstanceNotReady, match="did not end by its deadline"):
        adapter_manager.active_adapter("started")


def _forever() -> None:
    while True:
        pass


def test_switched_off_it_is_closed_and_switched_on_it_starts_anew(adapter) -> None:
    adapter_manager.active_adapter("started")
    services.switch_adapter(type="started", enabled=False, actor="tests", reason="maintenance")
    with pytest.raises(InstanceNotReady, match="maintenance"):
        adapter_manager.active_adapter("started")
    services.switch_adapter(type="started", enabled=True, actor="tests")
    adapter_manager.active_adapter("started")
    assert adapter.told == ["initialize", "close", "initialize"]


def test_a_close_that_fails_is_nobodys_fault(adapter, monkeypatch) -> None:
    adapter_manager.active_adapter("started")
    monkeypatch.setattr(Started, "close", lambda _: 1 / 0)
    adapter_life.close_all()
    assert state() == ("registered", "")


def test_the_switch_over_rest_is_audited_and_tells_callers_why(db, api) -> None:
    answer = api("manage").post(f"{URL}/http/disable", {"reason": "an incident"}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (200, "disabled")
    assert answer.json()["reason"] == "an incident"
    assert AuditEntry.objects.get(action="adapter.disabled").target == "http"
    assert api("read").get(f"{URL}/http").json()["state"] == "disabled"
    answer = api("manage").post(f"{URL}/http/enable", format="json")
    assert (answer.json()["state"], answer.json()["reason"]) == ("active", "")
    assert AuditEntry.objects.filter(action="adapter.enabled").count() == 1


@pytest.mark.parametrize("limits", [{"instances": ("one",)}, {"contexts": ("client:7",)}])
def test_a_limited_token_does_not_switch_what_all_use(db, api, limits) -> None:
    answer = api("manage", **limits).post(f"{URL}/http/disable", format="json")
    assert answer.status_code == 403
    assert adapter_manager.get_adapter("http").state == "active"


def test_an_unknown_adapter_names_the_near_ones(db, api) -> None:
    answer = api("manage").post(f"{URL}/htp/disable", format="json")
    assert (answer.status_code, answer.json()["suggestions"]) == (404, ["http"])
    with pytest.raises(NotFound):
        services.switch_adapter(type="htp", enabled=False, actor="tests")


def with_range(wanted, version="1.0.0"):
    return {
        "slug": "ranged",
        "name": "Ranged",
        "version": version,
        "type": "http",
        "supports": wanted,
        "default_config": {"base_url": "https://api.acme.example"},
        "methods": {"ping": {"http": {"method": "GET", "path": "/"}}},
    }


@pytest.mark.parametrize("wanted", ["^1", "1.0.0", ">=1 <3", "~1.0"])
def test_a_definition_says_which_versions_of_its_adapter_it_supports(db, wanted) -> None:
    services.create_definition(document=with_range(wanted), actor="tests", publish=True)


@pytest.mark.parametrize(("wanted", "code"), [("^2", "INCOMPATIBLE_ADAPTER"), ("no", "RANGE")])
def test_a_range_without_the_version_that_is_here_is_refused(db, wanted, code) -> None:
    with pytest.raises(ValidationFailed) as refused:
        services.create_definition(document=with_range(wanted), actor="tests")
    (fault,) = refused.value.errors
    assert (fault.pointer, fault.code) == ("/supports", code)
    if code == "INCOMPATIBLE_ADAPTER":
        assert "http ^2, and the one of this hub is 1.0.0" in fault.detail


def test_what_no_longer_fits_after_an_update_of_the_adapter_names_what_does(
    db, monkeypatch
) -> None:
    for version, wanted in (("1.0.0", "^1.0"), ("1.1.0", ">=1"), ("1.2.0", "1.0.0")):
        services.create_definition(
            document=with_range(wanted, version), actor="tests", publish=True
        )
    services.create_instance(definition="ranged@1.0.0", slug="ranged", actor="tests")
    monkeypatch.setattr(HttpAdapter, "version", "2.0.0")
    revision.forget()
    with pytest.raises(InstanceNotReady) as refused:
        runtime.by_ref("ranged", ANYONE).require_ready()
    assert "supports the adapter http ^1.0, and the one of this hub is 2.0.0" in str(refused.value)
    assert "upgrade to one that fits: ranged@1.1.0." in str(refused.value)
    with pytest.raises(ValidationFailed, match="fault"):
        services.publish_definition(definition=draft(), actor="tests")


def draft() -> Definition:
    row = Definition.objects.get(slug="ranged", version="1.0.0")
    row.pk, row.version = None, "1.3.0"
    row.status, row.published_at = "draft", None
    row.save(force_insert=True)
    return row


class NoSchema(Started):
    def method_schema(self):
        return {"type": "no such type"}


@pytest.mark.parametrize(
    ("name", "item", "reason"),
    [
        ("started", object(), "which is no registry.Adapter"),
        ("other", Started(), "its type is 'started', and its entry point 'other'"),
        ("started", type("V", (Started,), {"version": "one"})(), "'one' is no semantic version"),
    ],
)
def test_a_package_whose_adapter_is_none_is_refused_with_the_reason(name, item, reason) -> None:
    assert reason in fault_of(name, item)


def test_a_schema_that_is_none_is_seen_before_any_definition_meets_it() -> None:
    with pytest.raises(ValidationFailed):
        fault_of("started", NoSchema())
