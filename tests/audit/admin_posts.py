"""What is posted for each thing that the admin offers, with all that it needs in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from credentials.models import Credential
from executor.health import silences
from executor.health.models import HealthSilence
from executor.models import Execution
from integration_hub.access import services as access
from integration_hub.access.caller import Caller
from integration_hub.access.models import Token
from integration_hub.events import relay, sink_services
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.lib import clock
from registry import services as registry
from registry.models import AdapterSwitch, Definition, Instance
from tests.audit.test_people import WRITES as PEOPLE
from tests.audit.writes import FRESH, NEW, OPENAPI, SINK
from tests.executor.conftest import DOCUMENT

Get = Callable[[str], Any]
Asked = tuple[str, Mapping[str, Any]]


def to(name: str, /, *args: Any, **body: Any) -> Asked:
    return reverse(f"admin:{name}", args=args), body


def chosen(name: str, action: str, *rows: Any) -> Asked:
    keys = [str(row.pk) for row in rows]
    return to(f"{name}_changelist", action=action, _selected_action=keys)


def definition_of(version: str = "1.0.0", *, publish: bool = False) -> Definition:
    return registry.create_definition(
        document={**FRESH, "version": version}, actor="tests", publish=publish
    )


def verb(kind: str, verb: str, row: Any) -> Asked:
    return to(f"registry_{kind}_verb", row.pk, verb)


def disabled(get: Get) -> Instance:
    row = get("acme")
    registry.disable_instance(instance=row, actor="tests")
    row.refresh_from_db()
    return row


def moved(get: Get) -> Asked:
    get("acme")
    newer = registry.create_definition(
        document={**DOCUMENT, "version": "1.1.0"}, actor="tests", publish=True
    )
    return verb("definition", "move", newer)


def upgraded(get: Get) -> Instance:
    """`acme` on a later version than it began with."""
    moved(get)
    return registry.upgrade_instance(instance=get("acme"), version="1.1.0", actor="tests")


def staged(get: Get) -> Asked:
    """A description that the person gave, and the choice to store what becomes of it."""
    start, _ = to("registry_definition_import")
    answer = get("browser").post(start, {"text": json.dumps(OPENAPI)})
    return answer["Location"], {"slug": "pets", "do": "store", "chosen": ""}


def members_of(row: Instance, **changes: str) -> dict[str, str]:
    told = {
        "definition": str(row.definition_id),
        "slug": row.slug,
        "name": row.name,
        "config": row.config,
        "context_type": "global",
        "context_id": "",
        "labels": "",
        "overrides": "",
    }
    return told | changes


def second(get: Get) -> Asked:
    return to("registry_instance_add", **members_of(get("acme"), slug="second"))


def sink_of(**changes: str) -> dict[str, str]:
    return {"type": "log", "config": "{}", "filters": "", "enabled": "on", "name": "r"} | changes


def stored_sink() -> EventSink:
    return sink_services.create_sink(document=SINK, actor="tests")


def token_of() -> Token:
    return access.create_token(name="billing", scopes=["execute"], actor="tests")[0]


def credential_of(get: Get) -> Credential:
    get("acme")
    return Credential.objects.get()


def without_credential(get: Get) -> Asked:
    credential_of(get).delete()
    address, _ = to("credentials_credential_add")
    return f"{address}?instance=acme", {"data_token": NEW["token"]}


def renewable(get: Get) -> Credential:
    get("renewing_shop")({}, grant="client_credentials")
    return Credential.objects.get()


def delivery_of(get: Get) -> Delivery:
    get("acme")
    relay.relay_once()
    return Delivery.objects.order_by("pk")[0]


def event_of(get: Get) -> Event:
    get("acme")
    return Event.objects.order_by("pk")[0]


def ended(get: Get) -> Execution:
    get("call")("ping")
    return Execution.objects.latest("pk")


def switched() -> AdapterSwitch:
    registry.switch_adapter(type="http", enabled=False, reason="maintenance", actor="tests")
    return AdapterSwitch.objects.get()


def connect_of(get: Get, do: str, **body: str) -> Asked:
    return to("credentials_credential_connect", get("shop").pk, do=do, **body)


def linked(get: Get) -> Asked:
    get("browser").post(*connect_of(get, "link"))
    return connect_of(get, "revoke")


def people_of(name: str) -> Callable[[Get], Asked]:
    return lambda get: PEOPLE[name](get("charlie"), get("group"))


def own_password(get: Get) -> Asked:
    user: User = get("alice")
    user.set_password("the-old-one-93")
    user.save()
    get("browser").force_login(user)
    new = dict.fromkeys(("new_password1", "new_password2"), "a-new-one-4711-x")
    return to("password_change", old_password="the-old-one-93", **new)


def instance_of(get: Get) -> Any:
    return get("acme").pk


def planned(get: Get) -> Asked:
    return to(
        "executor_healthsilence_add",
        kind="maintenance",
        instance=str(get("acme").pk),
        starts_at_0=str(clock.now().date()),
        starts_at_1="00:00:00",
        ends_at_0=str((clock.now() + timedelta(days=2)).date()),
        ends_at_1="00:00:00",
        reason="x",
    )


def silence_of(_: Get) -> HealthSilence:
    return silences.create_silence(
        caller=Caller.command("tests"), kind="silence", ends_at=clock.now() + timedelta(hours=1)
    )
