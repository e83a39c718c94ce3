"""Whether the tests notice: each mutation takes out one safeguard, and a test must turn red.

    make mutations        (or python -m tests.mutations [NAME …])

Each mutation has a copy of the tree and a database of its own on PostgreSQL (DATABASE_URL,
else the one that `tests.services` finds or starts). The tests must be green without any
mutation, and a mutation counts as killed only when a test fails: not when nothing could
be imported or collected.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.services import postgres

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".git", ".venv*", "var", "__pycache__", ".*_cache", ".hypothesis", "node_modules")
TESTS_FAILED = 1  # pytest's exit code; 2 and up mean that it did not get that far


@dataclass(frozen=True, slots=True)
class Mutation:
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        "row lock of a claim",
        "executor/delivery/claim.py",
        ".select_for_update(skip_locked=skip)[:limit]",
        "[:limit]",
        ("tests/executor/delivery/test_claim.py",),
    ),
    Mutation(
        "claim condition of a write",
        "executor/querysets.py",
        "pk=execution.pk, fence=execution.fence, status__in=ACTIVE",
        "pk=execution.pk, status__in=ACTIVE",
        ("tests/executor/delivery/test_claim.py",),
    ),
    Mutation(
        "stale page of the admin",
        "integration_hub/api/stale_form.py",
        "return shown is not None and shown != mark_of(row)",
        "return False",
        ("tests/audit/test_two_operators.py",),
    ),
    Mutation(
        "revision check",
        "registry/instance_rows.py",
        "filter(pk=row.pk, revision=row.revision)",
        "filter(pk=row.pk)",
        ("tests/registry/test_instances.py",),
    ),
    Mutation(
        "unique constraint of idempotency",
        "executor/migrations/0001_initial.py",
        """                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "instance_id", "method", "key_digest"),
                        name="idempotency_once",
                    )
                ],
""",
        "",
        ("tests/executor/test_idempotency.py", "tests/executor/test_races.py"),
    ),
    Mutation(
        "peer check after connect",
        "integration_hub/egress/dial.py",
        "        check_peer(sock, end, port)\n",
        "",
        ("tests/egress/test_dial.py",),
    ),
    Mutation(
        "trust_env=False",
        "integration_hub/egress/session.py",
        "        self.trust_env = False\n",
        "",
        ("tests/egress/test_session.py",),
    ),
    Mutation(
        "mask before truncate",
        "integration_hub/lib/redact.py",
        "window = text[: limit + _MARGIN]",
        "window = text[:limit]",
        ("tests/lib/test_redact.py",),
    ),
    Mutation(
        "single use of an OAuth state",
        "credentials/oauth2/finish.py",
        "pk=flow.pk, claimed_at=None, expires_at__gt=now",
        "pk=flow.pk, expires_at__gt=now",
        ("tests/credentials/oauth2/test_tampered.py",),
    ),
    Mutation(
        "end of an OAuth state",
        "credentials/oauth2/finish.py",
        "pk=flow.pk, claimed_at=None, expires_at__gt=now",
        "pk=flow.pk, claimed_at=None",
        ("tests/credentials/oauth2/test_tampered.py",),
    ),
    Mutation(
        "lease of a refresh",
        "credentials/refresh_rows.py",
        "Credential.objects.filter(free, pk=row.pk, revision=row.revision)",
        "Credential.objects.filter(pk=row.pk, revision=row.revision)",
        ("tests/credentials/oauth2/test_refresh.py",),
    ),
    Mutation(
        "revision of what a refresh stores",
        "credentials/refresh_rows.py",
        "stored = Credential.objects.filter(pk=row.pk, revision=row.revision)",
        "stored = Credential.objects.filter(pk=row.pk)",
        ("tests/credentials/oauth2/test_refresh.py",),
    ),
)


def main(names: Sequence[str]) -> int:
    chosen = [found for found in MUTATIONS if not names or found.name in names]
    unknown = set(names) - {found.name for found in MUTATIONS}
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}")
        return 2
    every = sorted({path for found in chosen for path in found.tests})
    with postgres() as url, ThreadPoolExecutor(os.cpu_count()) as pool:
        unchanged = pool.submit(_run_copy, url, None, every)
        verdicts = list(pool.map(functools.partial(_is_killed, url), chosen))
    if unchanged.result() != 0:
        print("the tests are red without a mutation: mend them first")
        return 2
    killed = sum(verdicts)
    print(f"killed {killed}/{len(chosen)}")
    return 0 if killed == len(chosen) else 1


def _is_killed(url: str, mutation: Mutation) -> bool:
    began = time.perf_counter()
    if (ROOT / mutation.file).read_text(encoding="utf-8").count(mutation.old) != 1:
        print(f"STALE     {mutation.name}: its text is not once in {mutation.file}")
        return False
    code = _run_copy(url, mutation, mutation.tests)
    verdict = {0: "SURVIVED", TESTS_FAILED: "killed"}.get(code, f"UNCLEAR ({code})")
    print(f"{verdict:9} {mutation.name} ({time.perf_counter() - began:.1f} s)", flush=True)
    return code == TESTS_FAILED


def _run_copy(url: str, mutation: Mutation | None, tests: Sequence[str]) -> int:
    """pytest's exit code for a copy of the tree with the mutation, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="hub-mutation-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        if mutation:
            path = copy / mutation.file
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
        database = urlsplit(url)._replace(path=f"/mutation_{Path(folder).name[-8:]}").geturl()
        environment = {"DATABASE_URL": database, "HUB_VAR_DIR": str(Path(folder) / "var")}
        return run(copy, os.environ | environment, tests)


def run(copy: Path, environment: dict[str, str], tests: Sequence[str]) -> int:
    """pytest's exit code, at the first failure."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--create-db", *tests]
    command += ["-p", "no:cacheprovider", "-m", "not faults and not browser and not fuzz"]
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, check=False, timeout=600
    )
    if done.returncode > TESTS_FAILED:
        print(done.stdout.decode()[-2000:])
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
