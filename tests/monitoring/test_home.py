"""The home page says whether everything is all right, to each person what that one may see."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User

from credentials.models import Credential
from executor.choices import ExecutionStatus
from executor.health import silences
from executor.health.models import HealthRollup, HealthStatus
from executor.health.tally import Grain, start_of
from executor.insight import activity
from executor.models import CircuitChange
from integration_hub.access.caller import ALL_SCOPES, Caller
from integration_hub.access.home import Card, Viewer, cards_for, home_cards, shown
from integration_hub.coordination import guard, holds, operated
from integration_hub.coordination.models import HoldKind
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.lib import clock
from integration_hub.monitoring.dashboard import alarms_of
from tests.monitoring.home_rows import calls, instance

pytestmark = pytest.mark.django_db
HOME, FRAGMENT = "/admin/", "/admin/home/"
EVERYBODY = Caller(owner="user:1", name="alice", scopes=ALL_SCOPES)


def viewer(caller: Caller = EVERYBODY, *, window: str = "24h", without: tuple[str, ...] = ()):
    return Viewer(caller, lambda right: right not in without, clock.now(), window)


def cards(*args, **kwargs) -> dict[str, Card]:
    return {card.name: card for card in cards_for(viewer(*args, **kwargs))}


def values(card: Card) -> dict[str, str]:
    return {figure.label: figure.value for figure in card.figures}


def titles(card: Card) -> list[str]:
    return [line.title for line in card.lines]


@pytest.fixture(autouse=True)
def _no_circuits_left() -> Iterator[None]:
    """A shared store is not rolled back with the database."""
    guard.reset("")
    yield
    guard.reset("")


@pytest.fixture
def only(bob: User):
    """`only("view_instance")`: bob, signed in, with these rights alone."""

    def make(client, *names: str) -> User:
        bob.user_permissions.set(Permission.objects.filter(codename__in=names))
        client.force_login(bob)
        return bob

    return make


def test_a_fresh_installation_says_what_to_do_next(client, alice):
    client.force_login(alice)
    page = client.get(HOME).content.decode()
    assert "Nothing is connected yet" in page
    assert "/admin/registry/definition/" in page
    assert "/admin/registry/instance/add/" in page
    assert "No call in this time. Open an instance and try a method." in page
    assert "/admin/executor/execution/try/" in page
    assert "Everything is all right" in page


def test_a_fresh_installation_offers_nobody_a_step_that_is_not_theirs(client, only):
    only(client, "view_instance")
    page = client.get(FRAGMENT).content.decode()
    assert "Nothing is connected yet" in page
    assert "/admin/registry/instance/add/" not in page
    assert "/admin/registry/definition/" not in page


def test_instances_are_counted_by_health_and_the_sick_ones_named_with_reason_and_since_when():
    long_ago = clock.now() - timedelta(hours=3)
    instance("well", health="healthy")
    instance("new", health="unknown")
    instance("slow", health="degraded", health_reason="takes 3 s", health_since=long_ago)
    instance("dead", health="unhealthy", health_reason="refused", health_since=long_ago)
    instance("asleep", health="unhealthy", enabled=False)
    instance("stuck", state="config_error", state_reason="base_url is gone", health="healthy")
    card = cards()["integrations"]
    assert values(card) == {
        "Unhealthy": "1",
        "Degraded": "1",
        "Healthy": "2",
        "Not checked yet": "1",
        "With an error": "1",
        "Switched off": "1",
    }
    assert titles(card) == ["dead", "stuck", "slow"]
    first = card.lines[0]
    assert (first.badge, first.text, first.at) == ("Unhealthy", "refused", long_ago)
    assert card.lines[1].text == "base_url is gone"


def test_what_needs_a_person_stands_on_top_and_the_worst_of_it_is_the_verdict(client, alice):
    client.force_login(alice)
    instance("slow", health="degraded")
    page = client.get(FRAGMENT).content.decode()
    assert "Working, with something to look at" in page
    instance("dead", health="unhealthy")
    page = client.get(FRAGMENT).content.decode()
    assert "Something needs a person now" in page
    assert page.index("Unhealthy: 1") < page.index("Degraded: 1")


@pytest.mark.parametrize("window", ["1h", "24h", "7d"])
def test_calls_of_a_window_are_counted_drawn_and_told_as_a_table(client, alice, window):
    calls(3, ago=timedelta(minutes=10))
    calls(1, ago=timedelta(minutes=12), status=ExecutionStatus.FAILED)
    calls(5, ago=timedelta(hours=5))
    calls(7, ago=timedelta(days=3), status=ExecutionStatus.OUTCOME_UNKNOWN)
    calls(9, ago=timedelta(days=8))
    expected = {"1h": ("4", "1"), "24h": ("9", "1"), "7d": ("16", "8")}[window]
    card = cards(window=window)["calls"]
    assert (values(card)["Calls"], values(card)["Calls failed"]) == expected
    assert sum(bar.calls for bar in card.bars) == int(expected[0])
    client.force_login(alice)
    page = client.get(FRAGMENT, {"within": window}).content.decode()
    assert page.count("hub-bar-good") == len(card.bars)
    assert (
        page.count('<th scope="row">') == len(card.bars) == {"1h": 13, "24h": 25, "7d": 29}[window]
    )
    assert f'href="?within={window}" aria-current="true"' in page


def test_a_window_that_is_not_offered_is_a_day(client, alice):
    client.force_login(alice)
    for asked in ("", "30d", "<script>", "\x00"):
        page = client.get(HOME, {"within": asked})
        assert page.status_code == 200
        assert 'href="?within=24h" aria-current="true"' in page.content.decode()


def test_where_more_was_called_than_is_read_the_sums_of_health_checks_stand_for_it(monkeypatch):
    monkeypatch.setattr(activity, "LOOKED_AT", 10)
    row = instance("acme")
    hour = start_of(Grain.HOUR, clock.now())
    for start, n, bad in ((hour, 100, 5), (hour - timedelta(hours=3), 900, 15)):
        HealthRollup.objects.create(
            instance=row, grain=Grain.HOUR, at=start, calls=n, calls_failed=bad
        )
    calls(20)
    calls(3, method="down", status=ExecutionStatus.FAILED, ago=timedelta(hours=2))
    calls(2, method="late", duration_ms=4_000, ago=timedelta(hours=4))
    found = cards()
    assert values(found["calls"])["Calls"] == "1,000+"
    assert values(found["calls"])["Error rate"] == "2.0 %"
    assert "health checks counted" in found["calls"].read
    assert titles(found["failing"]) == ["acme · down"]
    assert titles(found["slow"]) == ["acme · late"]
    assert "newest 2,000" in found["slow"].read


def test_the_most_failing_methods_and_the_slowest_are_named_first():
    calls(20, method="good", duration_ms=10)
    calls(4, method="down", status=ExecutionStatus.FAILED, code="CONNECTION_ERROR")
    calls(1, method="flaky", status=ExecutionStatus.FAILED, duration_ms=900)
    calls(9, method="flaky", duration_ms=800)
    found = cards()
    assert titles(found["failing"]) == ["acme · down", "acme · flaky"]
    assert [line.badge for line in found["failing"].lines] == ["4 of 4 failed", "1 of 10 failed"]
    assert found["failing"].lines[0].text == "CONNECTION_ERROR"
    assert titles(found["slow"])[:2] == ["acme · flaky", "acme · down"]
    assert found["slow"].lines[0].badge == "900 ms"


def test_every_number_leads_to_the_rows_that_it_counts(client, alice):
    """Each address opens, and its list has as many rows as the figure says."""
    instance("dead", health="unhealthy")
    instance("slow", health="degraded")
    row = instance("held")
    HealthStatus.objects.create(instance=row, certificate_ends_at=clock.now() + timedelta(days=3))
    operated.force(f"{row.pk}:ping", "forced_open")
    holds.hold(str(row.pk), 60, kind=HoldKind.REFUSED)
    Credential.objects.create(
        instance=row, auth_id="a", type="bearer", expires_at=clock.now() + timedelta(days=2)
    )
    calls(3)
    calls(2, status=ExecutionStatus.FAILED)
    calls(4, ago=timedelta(days=2))
    undelivered(2, 1)
    client.force_login(alice)
    looked_at = 0
    for card in cards().values():
        for figure in card.figures:
            page = client.get(figure.url)
            assert page.status_code == 200, figure
            if figure.value.isdigit() and card.name != "queue":
                assert page.context["cl"].result_count == int(figure.value), figure
                looked_at += 1
        for line in card.lines:
            assert client.get(line.url).status_code == 200, line
    assert looked_at >= 14


def undelivered(pending: int, dead: int) -> EventSink:
    EventSink.objects.all().delete()
    sink = EventSink.objects.create(
        name="crm", type="webhook", failing_since=clock.now(), last_error="connection refused"
    )
    for number in range(pending + dead):
        event = Event.objects.create(
            type="integration.connected", subject="x", created_at=clock.now(), fanned_out=True
        )
        status = DeliveryStatus.PENDING if number < pending else DeliveryStatus.DEAD
        Delivery.objects.create(
            event=event, sink=sink, subject="x", status=status, due_at=clock.now()
        )
    return sink


def test_undelivered_events_and_failing_sinks_are_told():
    Event.objects.update(fanned_out=True)
    sink = undelivered(2, 1)
    Event.objects.create(type="integration.connected", subject="y", created_at=clock.now())
    card = cards()["events"]
    assert values(card) == {
        "New events": "1",
        "To deliver": "2",
        "Deliveries given up": "1",
        "Failing sinks": "1",
    }
    assert (card.lines[0].title, card.lines[0].text) == ("crm", "connection refused")
    EventSink.objects.filter(pk=sink.pk).update(
        enabled=False, failing_since=None, disabled_reason="It is gone (410)."
    )
    assert cards()["events"].lines[0].text == "It is gone (410)."
    EventSink.objects.filter(pk=sink.pk).update(disabled_reason="")
    assert values(cards()["events"])["Failing sinks"] == "0"


def test_open_circuits_are_named_with_their_reason_and_since_when():
    row = instance("acme")
    operated.force(f"{row.pk}:ping", "forced_open")
    operated.force("host:example.com:443", "forced_open")
    operated.force(f"{row.pk}:other", "disabled")
    at = clock.now() - timedelta(minutes=5)
    for change, reason in (("opened", "earlier"), ("forced_open", "the provider asked for it")):
        CircuitChange.objects.create(
            scope=f"{row.pk}:ping",
            instance_id=row.pk,
            instance_slug="acme",
            at=at,
            change=change,
            reason=reason,
        )
    card = cards()["circuits"]
    assert values(card) == {"Open circuits": "2"}
    lines = {line.title: line for line in card.lines}
    assert set(lines) == {"acme · ping", "Host example.com:443"}
    assert lines["acme · ping"].text == "the provider asked for it"
    assert lines["acme · ping"].at == at
    assert f"/circuits/{row.pk}/" in lines["acme · ping"].url


def test_throttled_instances_are_told_until_when():
    row = instance("acme")
    holds.hold(str(row.pk), 60, kind=HoldKind.REFUSED)
    holds.hold(f"{row.pk}:ping", 30, kind=HoldKind.SPENT)
    card = cards()["throttled"]
    assert values(card) == {"Throttled instances": "1"}
    assert titles(card) == ["acme", "acme · ping"]
    assert card.lines[1].badge == "quota is used up"
    holds.lift_all(str(row.pk))
    assert values(cards()["throttled"]) == {"Throttled instances": "0"}


def test_the_queue_is_told_by_depth_and_age_and_that_nobody_serves_it(waiting):
    card = cards()["queue"]
    assert values(card) == {"Due, interactive": "0", "Due, batch": "2"}
    batch = card.figures[1]
    assert batch.note.startswith("the oldest waits 3")
    assert "no worker is alive" in batch.note
    assert batch.tone == "warn"


def test_credentials_that_ended_or_end_soon_are_named_and_what_renews_itself_is_not():
    now = clock.now()
    ends = {
        "over": {"expires_at": now - timedelta(days=1)},
        "soon": {"expires_at": now + timedelta(days=20)},
        "token": {"token_expires_at": now + timedelta(hours=1)},
        "renewed": {"token_expires_at": now + timedelta(hours=1), "refresh_at": now},
        "revoked": {"status": "revoked", "status_reason": "invalid_grant"},
        "late": {"expires_at": now + timedelta(days=90)},
        "lasting": {},
    }
    for slug, columns in ends.items():
        Credential.objects.create(instance=instance(slug), auth_id="a", type="bearer", **columns)
    card = cards()["credentials"]
    assert sorted(title.split(" · ")[0] for title in titles(card)) == [
        "over",
        "revoked",
        "soon",
        "token",
    ]
    assert card.figures[0].value == "4"
    assert card.figures[0].tone == "bad"


def test_certificates_that_end_soon_are_named_the_first_first():
    for slug, days in (("later", 25), ("urgent", 2), ("fine", 80)):
        HealthStatus.objects.create(
            instance=instance(slug), certificate_ends_at=clock.now() + timedelta(days=days)
        )
    card = cards()["certificates"]
    assert titles(card) == ["urgent", "later"]
    assert card.figures[0].tone == "bad"


def test_what_is_in_maintenance_is_told_while_it_is():
    assert "quiet" not in cards()
    instance("acme")
    silences.create_silence(
        caller=EVERYBODY,
        kind="maintenance",
        instance="acme",
        ends_at=clock.now() + timedelta(hours=1),
        reason="new server",
    )
    (line,) = cards()["quiet"].lines
    assert (line.title, line.badge, line.text) == ("acme", "Maintenance", "new server")


def test_recent_changes_are_told_with_who_made_them(client, alice):
    instance("acme")
    card = cards()["changes"]
    assert titles(card)[0] == "instance.created · acme"
    assert card.lines[0].text == "tests"


RIGHTS = {
    "integrations": "registry.view_instance",
    "circuits": "registry.view_instance",
    "throttled": "registry.view_instance",
    "certificates": "registry.view_instance",
    "calls": "executor.view_execution",
    "failing": "executor.view_execution",
    "slow": "executor.view_execution",
    "latest": "executor.view_execution",
    "queue": "executor.view_execution",
    "credentials": "credentials.view_credential",
    "changes": "audit.view_auditentry",
}


@pytest.mark.parametrize("name", RIGHTS)
def test_without_the_right_there_is_no_card(name):
    assert name in cards()
    assert name not in cards(without=(RIGHTS[name],))


def test_sinks_and_deliveries_have_a_right_each():
    undelivered(1, 1)
    rights = {
        "events.view_event": {"New events"},
        "events.view_delivery": {"To deliver", "Deliveries given up"},
        "events.view_eventsink": {"Failing sinks"},
    }
    for right, labels in rights.items():
        others = tuple(set(rights) - {right})
        assert values(cards(without=others)["events"]).keys() == labels
    assert "events" not in cards(without=tuple(rights))


def test_a_person_sees_the_cards_of_the_rights_they_have(client, only):
    instance("acme")
    only(client, "view_instance", "view_execution")
    page = client.get(HOME).content.decode()
    parts = set(re.findall(r'data-part="(\w+)"', page))
    assert parts == {"verdict", "windows", "now"} | {
        *("integrations", "circuits", "throttled", "certificates"),
        *("calls", "failing", "slow", "latest", "queue"),
    }


def test_a_person_without_any_right_gets_no_figures(client, only):
    calls(3)
    only(client)
    assert "data-part" not in client.get(HOME).content.decode()
    assert client.get(FRAGMENT).content.decode().strip() == ""


def test_strangers_are_sent_to_the_login(client, charlie):
    client.force_login(charlie)
    assert client.get(FRAGMENT).status_code == 302
    assert client.post(FRAGMENT).status_code == 302


def test_the_fragment_is_only_read_and_never_kept(client, alice):
    client.force_login(alice)
    assert client.post(FRAGMENT).status_code == 405
    assert "no-store" in client.get(FRAGMENT)["Cache-Control"]


@pytest.mark.parametrize(
    "caller",
    [
        Caller("token:1", scopes=ALL_SCOPES, instances=frozenset({"mine"})),
        Caller("token:1", scopes=ALL_SCOPES, contexts=frozenset({"client:me"})),
    ],
    ids=["instances", "contexts"],
)
def test_a_caller_with_limits_sees_nothing_of_what_does_not_exist_for_it(caller, monkeypatch):
    now = clock.now()
    for slug, owner in (("mine", "me"), ("theirs", "them")):
        row = instance(slug, context_type="client", context_id=owner, health="unhealthy")
        HealthStatus.objects.create(instance=row, certificate_ends_at=now)
        HealthRollup.objects.create(
            instance=row, grain=Grain.HOUR, at=start_of(Grain.HOUR, now), calls=50
        )
        Credential.objects.create(instance=row, auth_id="a", type="bearer", expires_at=now)
        operated.force(f"{row.pk}:ping", "forced_open")
        holds.hold(str(row.pk), 60, kind=HoldKind.REFUSED)
        calls(2, slug, status=ExecutionStatus.FAILED, instance_id=row.pk)
        calls(1, slug, status=ExecutionStatus.QUEUED, instance_id=row.pk, due_at=now - timedelta(1))
    operated.force("host:theirs.example:443", "forced_open")
    undelivered(1, 1)
    found = cards(caller)
    assert "changes" not in found
    assert "events" not in found
    assert "theirs" not in repr(found)
    assert values(found["integrations"])["Unhealthy"] == "1"
    assert values(found["calls"])["Calls"] == "3"
    assert values(found["queue"])["Due, interactive"] == "1"
    for name in ("circuits", "throttled", "credentials", "certificates"):
        assert found[name].figures[0].value == "1", name
    monkeypatch.setattr(activity, "LOOKED_AT", 2)
    assert values(cards(caller)["calls"])["Calls"] == "50+"


def test_stored_script_is_shown_as_text(client, alice):
    script = "<script>alert(1)</script>"
    instance("dead", name=script, health="unhealthy", health_reason=script)
    calls(1, slug=script, method=script, status=ExecutionStatus.FAILED, code=script)
    sink = undelivered(1, 1)
    EventSink.objects.filter(pk=sink.pk).update(name=script, last_error=script)
    client.force_login(alice)
    page = client.get(FRAGMENT).content.decode()
    assert script not in page
    assert html.escape(script) in page


def test_figures_that_judge_nothing_are_no_alarm():
    instance("acme", health="healthy")
    calls(200)
    calls(1, status=ExecutionStatus.REJECTED)
    assert alarms_of(list(cards().values())) == []
    calls(40, status=ExecutionStatus.FAILED)
    assert [alarm.label for alarm in alarms_of(list(cards().values()))] == ["Calls failed"]


def test_counts_that_were_cut_say_so():
    assert shown(10_000) == "10,000"
    assert shown(10_001) == "10,000+"


def test_each_app_adds_its_own_cards_to_the_catalog():
    owners = {cards.__module__.partition(".")[0] for _, cards in home_cards}
    assert owners == {"registry", "credentials", "executor", "integration_hub"}
