"""A named transform, as a draft or published."""

from __future__ import annotations

from transformer.models import NamedTransform
from transformer.named import services

DOCUMENT = {
    "slug": "contact",
    "version": "1.0.0",
    "spec": {"rules": [{"source": "email", "target": "mail", "transforms": ["trim", "lower"]}]},
    "examples": [{"input": {"email": " A@B.example "}, "output": {"mail": "a@b.example"}}],
}
CHANGED = {**DOCUMENT, "description": "Who it is"}


def draft() -> NamedTransform:
    return services.create_transform(document=DOCUMENT, actor="tests")


def published() -> NamedTransform:
    return services.publish_transform(transform=draft(), actor="tests")
