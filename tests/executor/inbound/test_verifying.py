"""Who may call in: the provider's own signature over these bytes, now (promise 55)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from time import thread_time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from executor.inbound import secrets
from executor.inbound.models import ReceivedHook
from integration_hub.events.models import Event
from integration_hub.lib import clock
from registry.models import Instance
from tests.executor.inbound.conftest import now
from tests.executor.inbound.signing import (
    BY_NAME,
    HEADERS,
    SECRET,
    STANDARD_SECRET,
    TIMED,
    Sent,
    standard_webhooks,
)

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("name", BY_NAME)


def refused(answer) -> str:
    """The sentence; and nothing was kept."""
    assert answer.status_code == 401, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not ReceivedHook.objects.exists()
    assert not Event.objects.filter(type="integration.webhook.received").exists()
    return answer.json()["detail"]


@EVERY
def test_a_hook_as_the_provider_signs_it_is_taken(name, provider, send):
    sign = provider(name)
    answer = send(sign({"a": 1}, at=now()))
    assert answer.status_code == 200, answer.content
    row = ReceivedHook.objects.get()
    assert (str(row.pk), row.signed) == (answer.json()["webhook_id"], True)
    assert answer.json()["duplicate"] is False


@EVERY
@pytest.mark.parametrize("change", ["a byte more", "a byte less", "another byte", "empty"])
def test_a_body_that_was_changed_is_refused(name, change, provider, send):
    sent = provider(name)({"a": 1}, at=now())
    body = {
        "a byte more": sent.body + b" ",
        "a byte less": sent.body[:-1],
        "another byte": sent.body.replace(b"1", b"2"),
        "empty": b"",
    }[change]
    assert "does not fit" in refused(send(Sent(body, sent.headers)))


@EVERY
def test_another_secret_is_refused(name, provider, send):
    other = "whsec_" + base64.b64encode(b"another-key-of-24-bytes!").decode()
    assert "does not fit" in refused(send(provider(name)({}, at=now(), secret=other)))


@EVERY
@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "sha256=", "sha256=zz", "v1,", "v1,!!!!", "t=,v1=", "v0=", "é", ","),
        *("=" * 9_000, ", ".join(["v1=00"] * 500), "v1,AAAA " * 500),
    ],
    ids=range(13),
)
def test_a_malformed_signature_header_is_refused(name, value, provider, send):
    sent = provider(name)({}, at=now())
    refused(send(sent.having(**{HEADERS[name].replace("-", "_"): value})))


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(("seconds", "said"), [(-301, "too old"), (301, "in the future")])
def test_a_time_beyond_the_tolerance_is_refused(name, seconds, said, provider, send, fake_clock):
    assert said in refused(send(provider(name)({}, at=now() + seconds)))


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_time_within_the_tolerance_is_taken(name, seconds, provider, send, fake_clock):
    assert send(provider(name)({}, at=now() + seconds)).status_code == 200


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e9", "٣", "9" * 40, "1.5"])
def test_a_time_that_is_none_is_refused(text, provider, send):
    provider("standard_webhooks")
    # Signed as it stands: only the time is wrong.
    sent = standard_webhooks({}, at=text)
    refused(send(sent.having(webhook_timestamp=text)))


def test_both_secrets_work_while_one_replaces_the_other(provider, send):
    sign = provider("github")
    instance = Instance.objects.get()
    secrets.add_secret(instance=instance, actor="tests", secret="the-new-secret-2")
    for number, secret in enumerate((SECRET, "the-new-secret-2")):
        assert send(sign({}, event=f"d-{number}", secret=secret)).status_code == 200


def test_a_secret_that_has_expired_verifies_nothing(taking, send, fake_clock):
    instance = taking({"verify": "github"}, secret=None)
    end = clock.now() + timedelta(seconds=60)
    secrets.add_secret(instance=instance, actor="tests", secret=SECRET, expires_at=end)
    assert send(BY_NAME["github"]({}, event="before")).status_code == 200
    ReceivedHook.objects.all().delete()
    Event.objects.all().delete()
    fake_clock.advance(61)
    assert "No secret" in refused(send(BY_NAME["github"]({})))


def test_several_signatures_of_which_one_fits_are_enough(provider, send):
    sent = provider("standard_webhooks")({}, at=now())
    mixed = f"v1,AAAA v9,ignored {sent.headers['webhook-signature']}"
    assert send(sent.having(webhook_signature=mixed)).status_code == 200


def test_a_standard_webhook_signed_with_a_key_pair_is_taken(taking, send):
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    taking({"verify": "standard_webhooks"}, secret="whpk_" + base64.b64encode(public).decode())
    sent = standard_webhooks({"a": 1}, at=now())
    signed = private.sign(f"msg_1.{sent.headers['webhook-timestamp']}.".encode() + sent.body)
    good = "v1a," + base64.b64encode(signed).decode()
    assert send(sent.having(webhook_signature=good)).status_code == 200
    bad = "v1a," + base64.b64encode(bytes(64)).decode()
    assert send(sent.having(webhook_signature=bad, webhook_id="msg_2")).status_code == 401


def test_what_a_definition_declares_is_verified_as_it_says(taking, send, settings):
    taking(
        {
            "header": "X-Sign",
            "template": "{header.X-Nonce}:{url}:{body}",
            "algorithm": "sha512",
            "encoding": "base64",
            "id": "body.meta.number",
        },
        secret=SECRET,
    )
    body = json.dumps({"meta": {"number": 12}}).encode()
    content = f"n-1:{settings.HUB_PUBLIC_URL}/api/v1/hooks/shop:".encode() + body
    digest = hmac.new(SECRET.encode(), content, hashlib.sha512).digest()
    sent = Sent(body, {"X-Sign": base64.b64encode(digest).decode(), "X-Nonce": "n-1"})
    answer = send(sent)
    assert answer.status_code == 200, answer.content
    assert ReceivedHook.objects.get().event_id == "12"
    assert send(sent.having(X_Nonce="n-2")).status_code == 401
    assert send(sent.having(X_Nonce="")).status_code == 401


def test_without_a_stored_secret_nothing_is_believed(taking, send):
    taking({"verify": "github"}, secret=None)
    assert "No secret" in refused(send(BY_NAME["github"]({})))


def test_unsigned_hooks_are_taken_where_the_definition_says_so(taking, send):
    taking({"verify": "none"})
    assert send(Sent(b'{"a":1}', {})).status_code == 200
    assert ReceivedHook.objects.get().signed is False


def test_a_bad_signature_is_refused_fast(provider, send):
    """In time of this thread, the test client's and the counting of the denial included."""
    sent = provider("github")({}, secret="not-the-one-at-all")
    send(sent)
    took = []
    for _ in range(40):
        began = thread_time()
        assert send(sent).status_code == 401
        took.append(thread_time() - began)
    assert sorted(took)[len(took) // 2] < 0.05


@pytest.mark.parametrize("slug", ["absent", "shop", "..", "%00", "x" * 300])
def test_an_address_without_a_hook_is_not_found_and_tells_no_names(slug, acme, send):
    answer = send(Sent(b"{}", {}), to=slug if slug != "shop" else "acme")
    assert answer.status_code in (400, 404)
    assert not answer.json().get("suggestions")
    assert STANDARD_SECRET not in answer.content.decode()
