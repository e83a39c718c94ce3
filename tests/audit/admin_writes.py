"""Each thing that the admin lets people do: the audit row it leaves, or why it leaves none.

Keys are those of `admin_registry.doings`; where one has several buttons, each follows a colon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from tests.audit import transforms, webhooks
from tests.audit.admin_posts import (
    Asked,
    Get,
    chosen,
    connect_of,
    credential_of,
    definition_of,
    delivery_of,
    disabled,
    ended,
    event_of,
    instance_of,
    linked,
    members_of,
    moved,
    own_password,
    people_of,
    planned,
    renewable,
    second,
    silence_of,
    sink_of,
    staged,
    stored_sink,
    switched,
    to,
    token_of,
    upgraded,
    verb,
    without_credential,
)
from tests.audit.writes import FRESH, NEW
from tests.credentials.oauth2.consent import CLIENT
from tests.executor.inbound.signing import SECRET


@dataclass(frozen=True)
class AdminWrite:
    """`keeps`: tables that hold what was so before the row was due, whatever becomes of it."""

    action: str
    given: Callable[[Get], Asked]
    keeps: tuple[str, ...] = ()


def tested(get: Get) -> Asked:
    get("worker_at_hand")
    return to("executor_credential_test", instance_of(get))


AUDITED: dict[str, AdminWrite] = {
    "access.token add": AdminWrite(
        "token.created",
        lambda get: to("access_token_add", name="billing", scopes=["execute"], instances=""),
    ),
    "access.token action revoke": AdminWrite(
        "token.revoked", lambda get: chosen("access_token", "revoke", token_of())
    ),
    "auth.user add": AdminWrite("user.created", people_of("user.created")),
    "auth.user change": AdminWrite("user.changed", people_of("user.changed")),
    "auth.user delete": AdminWrite("user.deleted", people_of("user.deleted")),
    "auth.user action delete_selected": AdminWrite(
        "user.deleted", people_of("user.deleted from the list")
    ),
    "auth.user view auth_user_password_change": AdminWrite(
        "user.changed", people_of("user.changed password")
    ),
    "auth.group add": AdminWrite("group.created", people_of("group.created")),
    "auth.group change": AdminWrite("group.changed", people_of("group.changed")),
    "auth.group delete": AdminWrite("group.deleted", people_of("group.deleted")),
    "auth.group action delete_selected": AdminWrite(
        "group.deleted",
        lambda get: (
            reverse("admin:auth_group_changelist"),
            {
                "action": "delete_selected",
                "_selected_action": [get("group").pk],
                "post": "yes",
            },
        ),
    ),
    "events.event action redeliver": AdminWrite(
        "event.redelivered", lambda get: chosen("events_event", "redeliver", event_of(get))
    ),
    "events.eventsink add": AdminWrite(
        "event_sink.created", lambda get: to("events_eventsink_add", **sink_of())
    ),
    "events.eventsink change": AdminWrite(
        "event_sink.updated",
        lambda get: to("events_eventsink_change", stored_sink().pk, **sink_of(name="other")),
    ),
    "events.eventsink action send_test_event": AdminWrite(
        "event_sink.tested",
        lambda get: chosen("events_eventsink", "send_test_event", stored_sink()),
    ),
    "events.eventsink action redeliver_failed": AdminWrite(
        "event_sink.redelivered",
        lambda get: chosen("events_eventsink", "redeliver_failed", stored_sink()),
    ),
    "events.delivery action redeliver": AdminWrite(
        "event_sink.redelivered",
        lambda get: chosen("events_delivery", "redeliver", delivery_of(get)),
    ),
    "events.eventsink delete": AdminWrite(
        "event_sink.deleted",
        lambda get: to("events_eventsink_delete", stored_sink().pk, post="yes"),
    ),
    "registry.adapterswitch add": AdminWrite(
        "adapter.disabled",
        lambda get: to("registry_adapterswitch_add", type="http", reason="maintenance"),
    ),
    "registry.adapterswitch change": AdminWrite(
        "adapter.enabled",
        lambda get: to("registry_adapterswitch_change", switched().pk, enabled="on", reason="over"),
    ),
    "registry.definition add": AdminWrite(
        "definition.created",
        lambda get: to("registry_definition_add", document=get("as_text")(FRESH)),
    ),
    "registry.definition change": AdminWrite(
        "definition.changed",
        lambda get: to(
            "registry_definition_change",
            definition_of().pk,
            document=get("as_text")({**FRESH, "name": "Fresher"}),
        ),
    ),
    "registry.definition delete": AdminWrite(
        "definition.deleted",
        lambda get: to("registry_definition_delete", definition_of().pk, post="yes"),
    ),
    "registry.definition action publish": AdminWrite(
        "definition.published",
        lambda get: chosen("registry_definition", "publish", definition_of()),
    ),
    "registry.definition action deprecate": AdminWrite(
        "definition.deprecated",
        lambda get: chosen("registry_definition", "deprecate", definition_of(publish=True)),
    ),
    "registry.definition action archive": AdminWrite(
        "definition.archived",
        lambda get: chosen("registry_definition", "archive", definition_of(publish=True)),
    ),
    "registry.definition verb publish": AdminWrite(
        "definition.published", lambda get: verb("definition", "publish", definition_of())
    ),
    "registry.definition verb move": AdminWrite("instance.upgraded", moved),
    "registry.definition verb back": AdminWrite(
        "instance.rolled_back",
        lambda get: verb("definition", "back", upgraded(get).definition),
    ),
    "registry.definition view registry_definition_import_choose": AdminWrite(
        "definition.created", staged
    ),
    "registry.instance verb roll_back": AdminWrite(
        "instance.rolled_back", lambda get: verb("instance", "roll_back", upgraded(get))
    ),
    "registry.instance action roll_back": AdminWrite(
        "instance.rolled_back",
        lambda get: chosen("registry_instance", "roll_back", upgraded(get)),
    ),
    "registry.definition verb deprecate": AdminWrite(
        "definition.deprecated",
        lambda get: verb("definition", "deprecate", definition_of(publish=True)),
    ),
    "registry.definition verb archive": AdminWrite(
        "definition.archived",
        lambda get: verb("definition", "archive", definition_of(publish=True)),
    ),
    "registry.instance add": AdminWrite("instance.created", second),
    "registry.instance change": AdminWrite(
        "instance.changed",
        lambda get: to(
            "registry_instance_change", get("acme").pk, **members_of(get("acme"), name="Another")
        ),
    ),
    "registry.instance delete": AdminWrite(
        "instance.deleted",
        lambda get: to("registry_instance_delete", get("acme").pk, post="yes"),
    ),
    "registry.instance action enable": AdminWrite(
        "instance.enabled", lambda get: chosen("registry_instance", "enable", disabled(get))
    ),
    "registry.instance action disable": AdminWrite(
        "instance.disabled", lambda get: chosen("registry_instance", "disable", get("acme"))
    ),
    "registry.instance verb enable": AdminWrite(
        "instance.enabled", lambda get: verb("instance", "enable", disabled(get))
    ),
    "registry.instance verb disable": AdminWrite(
        "instance.disabled", lambda get: verb("instance", "disable", get("acme"))
    ),
    "credentials.credential add": AdminWrite("credential.created", without_credential),
    "credentials.credential change": AdminWrite(
        "credential.replaced",
        lambda get: to(
            "credentials_credential_change", credential_of(get).pk, data_token=NEW["token"]
        ),
    ),
    "credentials.credential change: renew": AdminWrite(
        "credential.refreshed",
        lambda get: to("credentials_credential_change", renewable(get).pk, _renew="1"),
    ),
    "credentials.credential delete": AdminWrite(
        "credential.deleted",
        lambda get: to("credentials_credential_delete", credential_of(get).pk, post="yes"),
    ),
    "credentials.credential action renew": AdminWrite(
        "credential.refreshed",
        lambda get: chosen("credentials_credential", "renew", renewable(get)),
    ),
    "credentials.credential action forget": AdminWrite(
        "credential.deleted",
        lambda get: chosen("credentials_credential", "forget", credential_of(get)),
    ),
    "credentials.credential view credentials_credential_connect: connect": AdminWrite(
        "credential.connect_started", lambda get: connect_of(get, "connect", **CLIENT)
    ),
    "credentials.credential view credentials_credential_connect: link": AdminWrite(
        "credential.link_created", lambda get: connect_of(get, "link")
    ),
    "credentials.credential view credentials_credential_connect: revoke": AdminWrite(
        "credential.links_revoked", linked
    ),
    "executor.execution action replay_chosen": AdminWrite(
        "execution.replayed",
        lambda get: chosen("executor_execution", "replay_chosen", ended(get)),
    ),
    "executor.execution action cancel_chosen": AdminWrite(
        "execution.cancelled",
        lambda get: chosen("executor_execution", "cancel_chosen", get("accept")("ping")),
    ),
    "executor.execution view executor_execution_circuits: forced_open": AdminWrite(
        "instance.circuits_forced_open",
        lambda get: to(
            "executor_execution_circuits", get("acme").pk, scope="", state="forced_open", reason="x"
        ),
    ),
    "executor.healthsilence add": AdminWrite("health_silence.created", planned),
    "executor.healthsilence action end_now": AdminWrite(
        "health_silence.ended",
        lambda get: chosen("executor_healthsilence", "end_now", silence_of(get)),
    ),
    "executor.execution view executor_credential_test": AdminWrite(
        "credential.test_started",
        tested,
    ),
    "executor.execution view executor_credential_rotate": AdminWrite(
        "credential.rotated",
        lambda get: to(
            "executor_credential_rotate",
            instance_of(get),
            data_token=NEW["token"],
            grace_seconds="600",
        ),
    ),
    "inbound.hooksecret add": AdminWrite(
        "webhook_secret.added",
        lambda get: to(
            "inbound_hooksecret_add",
            instance=str(webhooks.hooked().pk),
            kind="signing",
            secret_text=SECRET,
        ),
    ),
    "inbound.hooksecret delete": AdminWrite(
        "webhook_secret.removed",
        lambda get: to("inbound_hooksecret_delete", webhooks.stored_secret().pk, post="yes"),
    ),
    "inbound.receivedhook action discard": AdminWrite(
        "webhook.discarded",
        lambda get: chosen("inbound_receivedhook", "discard", webhooks.failed()),
    ),
    "inbound.parkedmessage action process": AdminWrite(
        "parked_message.processed",
        lambda get: chosen("inbound_parkedmessage", "process", webhooks.parked()),
    ),
    "inbound.parkedmessage action discard": AdminWrite(
        "parked_message.discarded",
        lambda get: chosen("inbound_parkedmessage", "discard", webhooks.parked()),
    ),
    "inbound.receivedhook action process": AdminWrite(
        "webhook.processed",
        lambda get: chosen("inbound_receivedhook", "process", webhooks.received()),
    ),
    "transformer.namedtransform add": AdminWrite(
        "transform.created",
        lambda get: to(
            "transformer_namedtransform_add", document=get("as_text")(transforms.DOCUMENT)
        ),
    ),
    "transformer.namedtransform change": AdminWrite(
        "transform.changed",
        lambda get: to(
            "transformer_namedtransform_change",
            transforms.draft().pk,
            document=get("as_text")(transforms.CHANGED),
        ),
    ),
    "transformer.namedtransform delete": AdminWrite(
        "transform.deleted",
        lambda get: to("transformer_namedtransform_delete", transforms.draft().pk, post="yes"),
    ),
    "transformer.namedtransform verb publish": AdminWrite(
        "transform.published",
        lambda get: to("transformer_namedtransform_verb", transforms.draft().pk, "publish"),
    ),
    "transformer.namedtransform verb archive": AdminWrite(
        "transform.archived",
        lambda get: to("transformer_namedtransform_verb", transforms.published().pk, "archive"),
    ),
    "site password_change": AdminWrite("user.changed", own_password),
}


_SEEN = "changes nothing"
NOT_AUDITED: dict[str, str] = {
    "registry.definition view registry_definition_import": "keeps a description for its owner "
    "alone, for a day; what is made of it is audited",
    "executor.execution action export_chosen": _SEEN + ": what the list shows, masked, as a file",
    "executor.execution view executor_execution_try": "a call is proven by its execution row",
    "executor.execution view executor_execution_errors": _SEEN,
    "executor.execution view executor_execution_health": _SEEN,
    "executor.execution view executor_execution_live": _SEEN,
    "executor.execution view executor_execution_test": _SEEN
    + "; the calls it makes are in the execution log",
    "transformer.namedtransform verb test": _SEEN + ": its examples are run",
    "site index": _SEEN,
    "site app_list": _SEEN,
    "site login": "who is refused is counted and audited as login.failed",
    "site logout": "ends the person's own session alone",
    "site password_change_done": _SEEN,
    "site autocomplete": _SEEN,
    "site jsi18n": _SEEN,
    "site view_on_site": _SEEN,
    "site search": _SEEN,
}
