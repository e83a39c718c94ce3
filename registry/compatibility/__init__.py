"""Whether one version of a definition can stand in for another, and says so by its number."""

from registry.compatibility.change import Change, Kind
from registry.compatibility.report import Report, Verdict, compare

__all__ = ["Change", "Kind", "Report", "Verdict", "compare"]
