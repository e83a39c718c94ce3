"""Hooks signed by the reference libraries of Standard Webhooks (promise 55)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.inbound.models import ReceivedHook
from tests.executor.inbound.conftest import now
from tests.executor.inbound.signing import STANDARD_SECRET, Sent
from tests.reference_webhooks import LIBRARIES

pytestmark = pytest.mark.django_db
BODY = '{"type":"contact.created","data":{"name":"Zoë","note":"a / b"}}'.encode()


@pytest.fixture(params=LIBRARIES.values(), ids=LIBRARIES)
def signed_there(request, provider):
    """`signed_there()`: a hook for `shop` as that library signs it."""
    provider("standard_webhooks")

    def make(*, event: str = "msg_1", at: int | None = None, secret: str = STANDARD_SECRET) -> Sent:
        moment = now() if at is None else at
        made = request.param.sign(secret, id=event, timestamp=moment, body=BODY)
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        return Sent(BODY, dict(zip(names, (event, str(moment), made), strict=True)))

    return make


def test_a_hook_that_a_reference_library_signed_is_taken_once(signed_there, send):
    sent = signed_there()
    answer = send(sent)
    assert answer.status_code == 200, answer.content
    row = ReceivedHook.objects.get()
    assert (row.event_id, row.signed, row.body()) == ("msg_1", True, BODY)
    assert send(sent).json()["duplicate"] is True


@pytest.mark.parametrize("part", ["body", "id", "timestamp", "signature", "secret"])
def test_one_that_was_tampered_with_is_refused(part, signed_there, send):
    sent, other = signed_there(), signed_there(event="msg_2")
    tampered = {
        "body": replace(sent, body=BODY.replace(b"created", b"deleted")),
        "id": sent.having(webhook_id="msg_2"),
        "timestamp": sent.having(webhook_timestamp=str(now() + 1)),
        "signature": sent.having(webhook_signature=other.headers["webhook-signature"]),
        "secret": signed_there(secret="whsec_" + "A" * 32),
    }
    answer = send(tampered[part])
    assert answer.status_code == 401, answer.content
    assert not ReceivedHook.objects.exists()


@pytest.mark.parametrize(("age", "status"), [(-290, 200), (-310, 401), (290, 200), (310, 401)])
def test_its_time_may_be_off_by_five_minutes(age, status, signed_there, send):
    assert send(signed_there(at=now() + age)).status_code == status
