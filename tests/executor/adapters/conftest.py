"""A method from its `http` block, and calls of it."""

from __future__ import annotations

from typing import Any

import pytest

from integration_hub.egress.door import Deadline, HttpRequest, Signed
from registry.adapter import AdapterCall, adapters
from registry.spec import MethodSpec
from tests.certificates import Authority
from tests.executor.adapters.sql_places import (  # noqa: F401 - fixtures
    database,
    mariadb,
    on_mariadb,
    postgresql,
    sqlite,
)

adapter = adapters.get("http")


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def method(verb: str = "GET", path: str = "/x", **members: Any) -> MethodSpec:
    """Members of the `http` block and of the method beside it, told apart by name."""
    block = {"method": verb, "path": path}
    for name in ("query", "headers", "body"):
        if name in members:
            block[name] = members.pop(name)
    return MethodSpec(name="m", protocol=block, **members)


def unsigned(request: HttpRequest) -> Signed:
    return Signed(request)


def call(spec: MethodSpec, parameters: dict[str, Any] | None = None, **members: Any) -> AdapterCall:
    base = members.pop("base_url", "https://api.acme.example/v1")
    has_body = "transformed" in members
    return AdapterCall(
        method=spec,
        config={"base_url": base},
        parameters=parameters or {},
        body=members.pop("transformed", None),
        has_body=has_body,
        deadline=members.pop("deadline", None) or Deadline(5),
        sign=members.pop("sign", unsigned),
        **members,
    )


def built(
    spec: MethodSpec, parameters: dict[str, Any] | None = None, **members: Any
) -> HttpRequest:
    return adapter.preview(call(spec, parameters, **members))
