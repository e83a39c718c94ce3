"""AWS Signature Version 4 in the `Authorization` header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from credentials.scheme import AuthScheme, schemes
from credentials.signing import header_faults, tail_hint
from credentials.sigv4 import SigV4, with_plain_spaces
from integration_hub.egress.door import HttpRequest, Signed
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, InstanceNotReady
from integration_hub.lib.fields import Field

_WORD = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SCOPE = {"pattern": f"^{_WORD.pattern}$"}


@schemes.register("aws_sigv4")
class AwsSigV4(AuthScheme):
    type = "aws_sigv4"
    title = "AWS Signature Version 4"
    fields = (
        Field("access_key_id", max_length=128, label="Access key id"),
        Field("secret_access_key", secret=True, max_length=1_000),
        Field("session_token", secret=True, required=False, max_length=8_000),
    )
    options = (
        Field("region", required=False, schema=_SCOPE, help="Default: region of the config."),
        Field("service", required=False, schema=_SCOPE, help="Default: service of the config."),
        Field(
            "unsigned_payload",
            "boolean",
            required=False,
            help="S3 over https: the signature leaves the body out.",
        ),
        Field(
            "content_sha256",
            "boolean",
            required=False,
            help="Send X-Amz-Content-Sha256; S3 always gets it.",
        ),
    )

    def options_for(
        self, options: Mapping[str, Any], config: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        given = {name: config.get(name) for name in ("region", "service")} | {**options}
        for name in ("region", "service"):
            value = given[name]
            if not isinstance(value, str) or not _WORD.fullmatch(value):
                raise InstanceNotReady(
                    f"The signature needs a {name}: set config.{name} of the instance, e.g. "
                    "eu-central-1 and s3, or the same member of the definition's auth entry."
                )
        return given

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        for name in ("access_key_id", "secret_access_key", "session_token"):
            yield from header_faults(name, data.get(name, ""))
        if not _WORD.fullmatch(data["access_key_id"]):
            yield Fault("/access_key_id", "Letters and digits alone, as AKIA….", "CHARACTERS")

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        signed, signature = SigV4.of(options).sign(
            with_plain_spaces(request),
            access_key_id=data["access_key_id"],
            secret_access_key=data["secret_access_key"],
            session_token=data.get("session_token", ""),
            now=clock.now(),
        )
        return Signed(signed, (*self.secrets(data), signature))

    def hint(self, data: Mapping[str, Any]) -> str:
        return tail_hint(data["access_key_id"])
