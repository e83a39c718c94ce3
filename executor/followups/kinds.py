"""Which methods take more than one request, and how such a run begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executor.calls import Target
from executor.followups import job_options
from executor.followups.followup import FollowUp
from executor.followups.jobs import Job
from executor.followups.pages import Pages
from registry.spec import MethodSpec


def kind_of(method: MethodSpec) -> type[FollowUp] | None:
    """None for a method of one request, which is nearly every one."""
    if method.pagination is not None:
        return Pages
    if job_options.BLOCK in method.protocol:
        return Job
    return None


def begin(target: Target, parameters: Mapping[str, Any]) -> FollowUp | None:
    kind = kind_of(target.method)
    return None if kind is None else kind(target, parameters)
