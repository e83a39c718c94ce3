"""Signatures of Standard Webhooks, judged by the reference libraries."""

from __future__ import annotations

import base64
import os
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from integration_hub.events import relay, services
from integration_hub.events.choices import EventType
from integration_hub.lib import standard_webhooks as standard
from tests.events.conftest import SECRET
from tests.reference_webhooks import LIBRARIES

BODY = b'{"id":"evt-1","data":{"name":"\xc3\xa9"}}'
SEED = standard.SIGNING_KEY + base64.b64encode(bytes(range(32))).decode()


def signed(*keys: str, body: bytes = BODY) -> dict[str, str]:
    return standard.headers(keys, id="evt-1", timestamp=int(time.time()), body=body)


EVERY = pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)


@EVERY
@pytest.mark.parametrize("size", [24, 32, 64])
def test_the_reference_libraries_take_what_we_sign(library, size):
    secret = standard.SECRET + base64.b64encode(os.urandom(size)).decode()
    assert library.verified(secret, BODY, signed(secret))["id"] == "evt-1"


@EVERY
def test_it_is_the_signature_that_the_reference_libraries_make(library):
    secret, moment = standard.new_secret(), int(time.time())
    said = {"id": "evt-1", "timestamp": moment, "body": BODY}
    assert standard.signature(secret, **said) == library.sign(secret, **said)


@EVERY
def test_either_secret_verifies_while_one_takes_over(library):
    old, new = standard.new_secret(), standard.new_secret()
    headers = signed(new, old)
    assert library.verified(old, BODY, headers)
    assert library.verified(new, BODY, headers)
    assert library.verified(standard.new_secret(), BODY, headers) is None


@EVERY
def test_a_secret_verifies_beside_a_signing_key(library):
    secret = standard.new_secret()
    assert library.verified(secret, BODY, signed(SEED, secret))


@EVERY
@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "webhook-signature"])
def test_what_was_tampered_with_is_refused_by_the_reference_libraries(library, change):
    secret = standard.new_secret()
    headers = signed(secret)
    altered = {
        "body": "",
        "webhook-id": "evt-2",
        "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1),
        "webhook-signature": signed(standard.new_secret())["webhook-signature"],
    }
    body = BODY + b" " if change == "body" else BODY
    assert library.verified(secret, body, headers | {change: altered[change]}) is None


@EVERY
@pytest.mark.django_db
def test_a_webhook_as_it_arrives_is_taken_by_the_reference_libraries(library, webhook, receiver):
    webhook()
    row = services.emit(
        type=EventType.INSTANCE_STATUS, subject="acmé", data={"state": "connected", "\u2028": "€"}
    )
    while relay.relay_once():
        pass
    (hit,) = receiver.of("/hook")
    event = library.verified(SECRET, hit.body, hit.headers)
    assert (event["id"], event["subject"]) == (str(row.pk), "acmé")
    assert (
        library.verified(SECRET, hit.body.replace(b"connected", b"c0nnected"), hit.headers) is None
    )


def test_an_ed25519_signature_verifies_with_the_public_key():
    headers = signed(SEED)
    version, _, text = headers["webhook-signature"].partition(",")
    assert version == "v1a"
    raw = base64.b64decode(standard.public_key(SEED).removeprefix(standard.PUBLIC_KEY))
    public = Ed25519PublicKey.from_public_bytes(raw)
    content = f"evt-1.{headers['webhook-timestamp']}.".encode() + BODY
    public.verify(base64.b64decode(text), content)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(text), content + b" ")


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_!", "whsec_" + "A" * 24, "secret", "whsk_AAAA"]
)
def test_what_is_no_secret_is_refused_without_repeating_it(text):
    with pytest.raises(standard.BadKey) as refused:
        standard.secret_bytes(text)
    assert len(text) < 8 or text not in str(refused.value)
