"""Which steps of a version number may break callers: the caret rule of npm."""

from __future__ import annotations

from registry.refs import version_of


def may_break(old: str, new: str) -> bool:
    """Whether nobody on `^old` is moved to `new` (or back) unawares.

    The first number that is not zero says it: 1.x to 2.x, 0.1.x to 0.2.x, 0.0.1 to
    0.0.2. A pre-release promises nothing, on either side (SemVer 2.0.0, item 9).
    """
    before, after = version_of(old), version_of(new)
    if before.prerelease or after.prerelease:
        return True
    if before.major or after.major:
        return bool(before.major != after.major)
    if before.minor or after.minor:
        return bool(before.minor != after.minor)
    return bool(before.patch != after.patch)


def next_breaking(version: str) -> str:
    """The lowest release after `version` that may break its users."""
    found = version_of(version)
    if found.major:
        return f"{found.major + 1}.0.0"
    return f"0.{found.minor + 1}.0" if found.minor else f"0.0.{found.patch + 1}"


def next_compatible(version: str) -> str:
    """The lowest release after `version` that ranges like `^version` admit."""
    found = version_of(version)
    if found.prerelease:
        return f"{found.major}.{found.minor}.{found.patch}"
    if found.major:
        return f"{found.major}.{found.minor + 1}.0"
    return f"0.{found.minor}.{found.patch + 1}"
