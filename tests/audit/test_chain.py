"""The chain: every row within seconds, and whatever is changed behind it is named."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from executor.delivery.pace import Pacer
from integration_hub.audit import sealer, services, verification
from integration_hub.audit.models import AuditChain, AuditCheckpoint, AuditEntry
from integration_hub.sealing.rotation import rotate_all

pytestmark = pytest.mark.django_db

KEYS = ("chain-old-q1w2e3r4t5y6u7i8o9p0a1s2d3f4", "chain-new-z9x8c7v6b5n4m3l2k1j0h9g8f7d6")


def write(number: int) -> AuditEntry:
    return services.record(
        actor="user:1", action="thing.changed", target_type="thing", target=f"thing-{number}"
    )


@pytest.fixture
def log(db) -> list[AuditEntry]:
    """Ten chained rows."""
    rows = [write(number) for number in range(10)]
    assert sealer.seal_all() == 10
    return rows


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def breaks() -> list[tuple[int, str]]:
    return [(found.position, found.kind) for found in verification.verify().breaks]


def command(*arguments: str, capsys) -> tuple[int, dict]:
    try:
        call_command("verify_audit", "--json", *arguments)
        code = 0
    except SystemExit as end:
        code = end.code
    return code, json.loads(capsys.readouterr().out)


def test_rows_are_chained_in_order_and_only_once(log) -> None:
    found = list(AuditEntry.objects.order_by("sequence").values_list("sequence", "target"))
    assert found == [(place, f"thing-{place - 1}") for place in range(1, 11)]
    assert sealer.seal_all() == 0
    write(10)
    assert sealer.seal_all() == 1
    assert breaks() == []


def test_the_pacer_chains_what_was_written(db) -> None:
    write(1)
    Pacer().tick()
    assert not AuditEntry.objects.filter(sequence=None).exists()


def test_more_rows_than_one_batch_are_chained(db, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "BATCH", 3)
    for number in range(8):
        write(number)
    assert sealer.seal_all() == 8
    assert breaks() == []


def test_a_log_as_it_was_written_passes(log, capsys) -> None:
    code, told = command(capsys=capsys)
    assert (code, told["ok"], told["rows"], told["unsealed"]) == (0, True, 10, 0)


@pytest.mark.parametrize(
    "column", ["actor", "source", "action", "target_type", "target", "detail", "request_id"]
)
def test_an_edited_row_is_named(log, column, capsys) -> None:
    sql(f"UPDATE audit_auditentry SET {column} = 'x' WHERE sequence = 4")  # noqa: S608
    code, told = command(capsys=capsys)
    assert code == 1
    assert [(found["position"], found["kind"]) for found in told["breaks"]] == [(4, "changed")]
    assert told["breaks"][0]["entry"] == str(log[3].pk)


def test_an_edited_time_is_named(log) -> None:
    sql("UPDATE audit_auditentry SET at = '2001-01-01 00:00:00+00:00' WHERE sequence = 4")
    assert breaks() == [(4, "changed")]


def test_a_deleted_row_is_named(log) -> None:
    sql("DELETE FROM audit_auditentry WHERE sequence = 5")
    assert breaks() == [(5, "missing")]


def test_a_deleted_row_whose_place_was_closed_is_named(log) -> None:
    sql("DELETE FROM audit_auditentry WHERE sequence = 5")
    for place in range(6, 11):
        sql("UPDATE audit_auditentry SET sequence = %s WHERE sequence = %s", place - 1, place)
    assert breaks()[0] == (5, "changed")


def test_two_swapped_rows_are_both_named(log) -> None:
    sql("UPDATE audit_auditentry SET sequence = -1 WHERE sequence = 3")
    sql("UPDATE audit_auditentry SET sequence = 3 WHERE sequence = 7")
    sql("UPDATE audit_auditentry SET sequence = 7 WHERE sequence = -1")
    assert {(3, "changed"), (7, "changed")} <= set(breaks())


def test_swapped_contents_are_named(log) -> None:
    for place, target in ((3, "thing-6"), (7, "thing-2")):
        sql("UPDATE audit_auditentry SET target = %s WHERE sequence = %s", target, place)
    assert breaks() == [(3, "changed"), (7, "changed")]


def test_a_cut_tail_is_named(log) -> None:
    sql("DELETE FROM audit_auditentry WHERE sequence > 8")
    assert breaks() == [(9, "tail")]


def test_a_cut_tail_with_the_end_moved_back_is_found_by_the_ends_own_proof(log) -> None:
    sql("DELETE FROM audit_auditentry WHERE sequence > 8")
    end = AuditEntry.objects.get(sequence=8).chain
    sql("UPDATE audit_auditchain SET sequence = 8, chain = %s", end)
    assert breaks()[0] == (0, "head")


def test_a_log_put_back_whole_is_found_by_a_checkpoint_kept_elsewhere(log, capsys) -> None:
    before = AuditChain.objects.values("sequence", "chain", "mac").get()
    write(11)
    sealer.seal_all()
    after = AuditChain.objects.values("sequence", "chain").get()
    sql("DELETE FROM audit_auditentry WHERE sequence > 10")
    AuditChain.objects.update(**before)
    assert command(capsys=capsys)[0] == 0
    noted = f"{after['sequence']}:{after['chain']}"
    code, told = command("--checkpoint", noted, capsys=capsys)
    assert (code, told["breaks"][0]["position"]) == (1, 11)


def test_a_forged_checkpoint_is_named(log) -> None:
    AuditCheckpoint.objects.update(chain="0" * 64)
    assert breaks() == [(10, "checkpoint")]


def test_rows_unchained_by_hand_do_not_pass_for_new_ones(log) -> None:
    sql("UPDATE audit_auditentry SET sequence = NULL, chain = '', actor = 'x'")
    sealer.seal_all()
    assert breaks()[0] == (1, "missing")


def test_without_its_key_nothing_is_chained_anew(log) -> None:
    sql("DELETE FROM audit_auditchain")
    write(11)
    with pytest.raises(sealer.ChainLost):
        sealer.seal_all()
    sealer.keep_chained()
    assert AuditEntry.objects.filter(sequence=None).count() == 1
    assert breaks() == [(0, "head")]


def test_new_encryption_keys_take_the_chain_along(settings, db) -> None:
    settings.FERNET_KEYS = [KEYS[0]]
    write(1)
    sealer.seal_all()
    settings.FERNET_KEYS = [KEYS[1], KEYS[0]]
    rotate_all(told=lambda *_: None)
    settings.FERNET_KEYS = [KEYS[1]]
    write(2)
    assert sealer.seal_all() == 1
    assert breaks() == []
    settings.FERNET_KEYS = [KEYS[0]]
    assert breaks() == [(0, "key")]


def test_what_was_rolled_back_leaves_no_gap(log) -> None:
    with transaction.atomic():
        write(99)
        transaction.set_rollback(True)
    write(11)
    sealer.seal_all()
    assert breaks() == []


def test_people_read_the_verdict(log, capsys) -> None:
    call_command("verify_audit")
    assert "10 rows, all as written" in capsys.readouterr().out
    sql("DELETE FROM audit_auditentry WHERE sequence = 5")
    with pytest.raises(SystemExit):
        call_command("verify_audit")
    assert "Deleted: row 5" in capsys.readouterr().out


def test_a_checkpoint_that_is_none_is_refused(log) -> None:
    with pytest.raises(Exception, match="SEQUENCE:CHAIN"):
        call_command("verify_audit", "--checkpoint", "ten")
