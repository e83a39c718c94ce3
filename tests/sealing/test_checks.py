"""Unsafe keys and unguarded models are named by id before anything starts."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core import checks
from django.db import models
from django.test.utils import isolate_apps
from fernet_fields import EncryptedCharField

from integration_hub.sealing.checks import check_keys, check_keys_in_use, check_stock_fields
from integration_hub.sealing.field import SealedField
from integration_hub.sealing.model import SealedModel
from integration_hub.sealing.queryset import SealedQuerySet, sealed_fields

STRONG = "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8"


def ids(found: list[checks.CheckMessage]) -> list[str]:
    return [message.id for message in found]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], ["hub.E001"]),
        (["short"], ["hub.E002"]),
        (["a" * 64], ["hub.E002"]),
        ([STRONG, "short"], ["hub.E002"]),
        ([STRONG, STRONG], ["hub.E004"]),
        ([STRONG], []),
        ([STRONG, STRONG + "x"], []),
    ],
)
def test_keys_must_be_there_strong_and_different(settings, keys, expected) -> None:
    settings.FERNET_KEYS = keys
    assert ids(check_keys()) == expected


def test_a_key_must_not_be_the_secret_key(settings) -> None:
    settings.FERNET_KEYS = [STRONG, settings.SECRET_KEY]
    (fault,) = check_keys()
    assert fault.id == "hub.E003"
    assert "Key 2" in fault.msg
    settings.SECRET_KEY_FALLBACKS = [STRONG]
    assert ids(check_keys()) == ["hub.E003", "hub.E003"]


def test_no_fault_tells_a_key(settings) -> None:
    settings.FERNET_KEYS = ["sh0rt-k3y", settings.SECRET_KEY]
    said = " ".join(f"{fault.msg} {fault.hint}" for fault in check_keys())
    assert "sh0rt" not in said
    assert settings.SECRET_KEY not in said


def test_the_checks_stop_a_start_in_production_mode(settings) -> None:
    from integration_hub.api.checks import refuse_unsafe_start  # noqa: PLC0415 - the gate itself

    settings.HUB_PRODUCTION, settings.FERNET_KEYS = True, []
    with pytest.raises(Exception, match=r"hub\.E001: FERNET_KEYS is not set"):
        refuse_unsafe_start()


def test_every_model_with_a_sealed_column_is_guarded() -> None:
    sealed = [model for model in apps.get_models() if sealed_fields(model)]
    assert {model._meta.label for model in sealed} >= {
        "credentials.Credential",
        "events.EventSink",
        "executor.IdempotencyRecord",
        "executor.Payload",
    }
    for model in sealed:
        assert issubclass(model, SealedModel)
        assert isinstance(model.objects.all(), SealedQuerySet)
        assert model.check() == []
    assert check_stock_fields() == []


@isolate_apps("integration_hub.sealing")
def test_an_unguarded_model_is_found() -> None:
    class Bare(models.Model):
        secret = SealedField(key_field="secret_key")
        secret_key = models.CharField(max_length=16)

        class Meta:
            app_label = "sealing"

    assert ids(Bare.check()) == ["hub.E006"]


@isolate_apps("integration_hub.sealing")
def test_a_manager_that_is_not_sealed_is_found() -> None:
    class Leaky(SealedModel):
        secret = SealedField(key_field="secret_key")
        secret_key = models.CharField(max_length=16)
        everything = models.Manager()

        class Meta:
            app_label = "sealing"

    assert ids(Leaky.check()) == ["hub.E006"]


@isolate_apps("integration_hub.sealing")
def test_the_key_column_stands_below_the_sealed_one() -> None:
    class Early(SealedModel):
        secret_key = models.CharField(max_length=16)
        secret = SealedField(key_field="secret_key")

        class Meta:
            app_label = "sealing"

    class Missing(SealedModel):
        secret = SealedField(key_field="nowhere")

        class Meta:
            app_label = "sealing"

    assert ids(Early.check()) == ["hub.E007"]
    assert ids(Missing.check()) == ["hub.E007"]


def test_a_stock_encrypted_field_is_found(monkeypatch) -> None:
    with isolate_apps("integration_hub.sealing") as isolated:

        class Stock(models.Model):
            secret = EncryptedCharField(max_length=20)

            class Meta:
                app_label = "sealing"

        monkeypatch.setattr("integration_hub.sealing.checks.apps", isolated)
        assert ids(check_stock_fields()) == ["hub.E008"]


def test_a_missing_key_that_rows_still_use_is_named_and_stops_nothing(settings, sink) -> None:
    sink()
    assert check_keys_in_use(databases=["default"]) == []
    settings.FERNET_KEYS = [STRONG]
    (fault,) = check_keys_in_use(databases=["default"])
    assert (fault.id, fault.level) == ("hub.W010", checks.WARNING)
    assert "events.EventSink" in fault.msg
    assert check_keys_in_use(databases=None) == []
