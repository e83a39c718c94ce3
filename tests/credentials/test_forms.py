"""The admin's form of every scheme takes what a person pastes, and never gives a secret back."""

from __future__ import annotations

import json

import pytest

from credentials.data import accept
from credentials.forms import PREFIX, REFERENCE, CredentialForm
from credentials.scheme import schemes
from integration_hub.lib.redact import MASK
from tests.credentials.samples import SAMPLES


def typed(data) -> dict[str, str]:
    """As a browser posts it: line breaks are CRLF."""
    texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in data.items()}
    return {PREFIX + name: text.replace("\n", "\r\n") for name, text in texts.items()}


def given(name: str) -> dict[str, str]:
    """What a person enters: not what the hub itself keeps beside it, such as a session."""
    declared = {field.name for field in schemes.get(name).fields}
    return {key: value for key, value in SAMPLES[name].data.items() if key in declared}


@pytest.mark.parametrize("name", schemes.names())
def test_what_a_person_pastes_is_taken(name: str) -> None:
    scheme, sample = schemes.get(name), SAMPLES[name]
    form = CredentialForm(scheme, typed(given(name)), stored=False)
    assert form.is_valid(), form.errors
    stored = accept(scheme, sample.options, form.data_to_store(), None)
    assert stored.keys() == given(name).keys()
    shown = str(form)
    for field in scheme.fields:
        if field.secret and field.name in sample.data:
            assert sample.data[field.name].replace("\n", "\r\n") not in shown
    assert scheme.hint(stored) == scheme.hint(sample.data)


@pytest.mark.parametrize("name", schemes.names())
def test_empty_fields_keep_what_is_stored_and_what_was_never_there_stays_absent(name: str) -> None:
    scheme, sample = schemes.get(name), SAMPLES[name]
    form = CredentialForm(scheme, {}, stored=True)
    assert form.is_valid(), form.errors
    sent = form.data_to_store()
    assert set(sent.values()) <= {MASK}
    assert accept(scheme, sample.options, sent, sample.data) == given(name)


@pytest.mark.parametrize("name", sorted(set(schemes.names()) - {"none"}))
def test_a_reference_may_stand_for_every_value(name: str) -> None:
    scheme = schemes.get(name)
    posted = {f"{REFERENCE}{field.name}": f"env:HUB_SECRET_{field.name}" for field in scheme.fields}
    for stored in (False, True):
        form = CredentialForm(scheme, posted, stored=stored)
        assert form.is_valid(), form.errors
        sent = form.data_to_store()
        assert sent == {
            field.name: {"ref": f"env:HUB_SECRET_{field.name}"} for field in scheme.fields
        }
        assert accept(scheme, SAMPLES[name].options, sent, None) == sent


def test_a_value_and_a_reference_for_it_are_too_many() -> None:
    form = CredentialForm(
        schemes.get("bearer"), {"data_token": "t", "ref_token": "env:A"}, stored=False
    )
    assert form.errors == {"ref_token": ["The value or a reference, not both."]}
