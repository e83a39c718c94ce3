"""One adapter beside a real server of its protocol: what the suite needs to know of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_hub.egress.door import Deadline, HttpRequest, Login, Signed, Signer
from registry.adapter import Adapter, AdapterCall
from registry.spec import MethodSpec


def unsigned(request: HttpRequest) -> Signed:
    return Signed(request)


@dataclass(frozen=True, kw_only=True)
class Try:
    """A method's protocol block and the parameters to call it with."""

    block: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    param_schema: Mapping[str, Any] | None = None

    def method(self) -> MethodSpec:
        return MethodSpec(name="tried", protocol=self.block, param_schema=self.param_schema)


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A block that the schema admits and `check_method` refuses at `pointer`."""

    block: Mapping[str, Any]
    pointer: str
    param_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Rig:
    """`config` leads to the real server, `at(host, port)` to another of the suite's choice.

    `works` succeeds and may be called any number of times; `changes` is one that is not
    safe to repeat, where the protocol has one. The credential comes by `login` or `sign`,
    and `secrets` are its values. With `greets` the server speaks before the request
    leaves: what breaks off then was never sent.
    """

    adapter: Adapter
    config: Mapping[str, Any]
    at: Callable[[str, int], Mapping[str, Any]]
    works: Try
    wrong: tuple[Wrong, ...] = ()
    changes: Try | None = None
    login: Login = field(default_factory=Login)
    sign: Signer = unsigned
    secrets: tuple[str, ...] = ()
    greets: bool = False

    def call(
        self,
        tried: Try | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        deadline: Deadline | None = None,
        allowed_hosts: tuple[str, ...] = (),
    ) -> AdapterCall:
        """One attempt, as the hub would ask for it."""
        tried = tried or self.works
        return AdapterCall(
            method=tried.method(),
            config=self.config if config is None else config,
            parameters=tried.parameters,
            body=None,
            has_body=False,
            deadline=deadline or Deadline(20),
            sign=self.sign,
            login=lambda: self.login,
            allowed_hosts=allowed_hosts,
        )
