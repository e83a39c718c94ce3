"""Build the OpenAPI document strictly and validate it against the OpenAPI 3.1 schema.

    python -m tests.openapi_document [FILE]

writes it to FILE when given. A warning of the generator is a failure.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import django
import yaml
from django.core.management import call_command
from openapi_spec_validator import validate


def build() -> dict:
    text = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=text)
    document = yaml.safe_load(text.getvalue())
    validate(document)
    return document


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    document = build()
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    operations = sum(len(item) for item in document["paths"].values())
    print(f"OpenAPI {document['openapi']}: {operations} operations, valid")


if __name__ == "__main__":
    main()
