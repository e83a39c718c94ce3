"""Many credentials for one rig, and a look whether each says what it should.

python -m tests.faults.plant fill COUNT      makes `many-0` … with the token `first-<slug>`
python -m tests.faults.plant check FILE      FILE: JSON, slug → token; prints what differs
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration_hub.settings")
django.setup()

from credentials.models import Credential  # noqa: E402 - after the set-up
from integration_hub.sealing.field import seal  # noqa: E402
from integration_hub.sealing.keyring import CannotOpen  # noqa: E402
from registry.models import Instance  # noqa: E402


def fill(count: int) -> None:
    """Copies of the instance `many`, which was made through the API."""
    first = Instance.objects.get(slug="many")
    names = [f"many-{number}" for number in range(count)]
    columns = {
        field.attname: getattr(first, field.attname)
        for field in Instance._meta.concrete_fields
        if field.name not in ("id", "slug")
    }
    instances = Instance.objects.bulk_create([Instance(slug=n, **columns) for n in names])
    rows = []
    for instance in instances:
        row = Credential(instance=instance, auth_id="token", type="bearer", revision=1)
        text = json.dumps({"token": f"first-{instance.slug}"})
        row.secret = seal(row, "secret", text)
        row.secret_key = row.secret.key_id
        rows.append(row)
    Credential.objects.bulk_create(rows, batch_size=500)
    Instance.objects.filter(slug__startswith="many-").update(state="disconnected")


def check(expected: dict[str, str]) -> dict[str, int]:
    """How many could not be opened, and how many say something else."""
    found = {"rows": 0, "shut": 0, "wrong": 0}
    for row in Credential.objects.select_related("instance").iterator():
        found["rows"] += 1
        try:
            token = json.loads(row.open_secret())["token"]
        except CannotOpen:
            found["shut"] += 1
            continue
        slug = row.instance.slug
        found["wrong"] += token != expected.get(slug, f"first-{slug}")
    return found


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(int(sys.argv[2]))
    else:
        print(json.dumps(check(json.loads(Path(sys.argv[2]).read_text()))))
