"""Signatures of Standard Webhooks, judged by the reference libraries."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from integration_hub.lib import standard_webhooks as standard

BODY = b'{"id":"evt-1","data":{"name":"\xc3\xa9"}}'
SEED = standard.SIGNING_KEY + base64.b64encode(bytes(range(32))).decode()


def signed(*keys: str, body: bytes = BODY) -> dict[str, str]:
    return standard.headers(keys, id="evt-1", timestamp=int(time.time()), body=body)


def test_the_reference_library_takes_what_we_sign():
    secret = standard.new_secret()
    assert Webhook(secret).verify(BODY, signed(secret))["id"] == "evt-1"


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_every_length_are_taken(size):
    secret = standard.SECRET + base64.b64encode(os.urandom(size)).decode()
    Webhook(secret).verify(BODY, signed(secret))


def test_it_is_the_signature_that_the_reference_library_makes():
    secret, moment = standard.new_secret(), int(time.time())

    theirs = Webhook(secret).sign("evt-1", datetime.fromtimestamp(moment, UTC), BODY.decode())
    ours = standard.signature(secret, id="evt-1", timestamp=moment, body=BODY)
    assert ours == theirs


def test_either_secret_verifies_while_one_takes_over():
    old, new = standard.new_secret(), standard.new_secret()
    headers = signed(new, old)
    Webhook(old).verify(BODY, headers)
    Webhook(new).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(standard.new_secret()).verify(BODY, headers)


def test_a_tampered_body_is_refused_by_the_reference_library():
    secret = standard.new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", signed(secret))


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


_NODE = """
const { Webhook } = require('standardwebhooks');
const [secret, headers, body] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(new Webhook(secret).verify(body, headers).id);
"""


def node_modules() -> Path | None:
    """Where npm has put the reference library; HUB_NODE_MODULES names a folder of its own."""
    folder = Path(os.environ.get("HUB_NODE_MODULES", "node_modules"))
    there = shutil.which("node") and (folder / "standardwebhooks").is_dir()
    return folder.resolve() if there else None


@pytest.mark.skipif(node_modules() is None, reason="needs node and npm install standardwebhooks")
def test_the_reference_library_of_javascript_takes_what_we_sign():
    secret = standard.new_secret()
    sent = json.dumps([secret, signed(secret), BODY.decode()])
    done = subprocess.run(
        ["node", "-e", _NODE],
        input=sent,
        env=os.environ | {"NODE_PATH": str(node_modules())},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout.strip() == "evt-1", done.stderr
