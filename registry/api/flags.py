"""Query parameters that are on or off."""

from __future__ import annotations

from rest_framework.request import Request

from integration_hub.api.pagination import bad_parameter

_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


def flag(request: Request, name: str) -> bool:
    """Whether `?name=` is on; absent it is off. Raises ValidationFailed for another word."""
    text = request.query_params.get(name, "").lower()
    if text not in _FLAGS:
        raise bad_parameter(name, "takes true or false")
    return _FLAGS[text]
