"""What every adapter must show, for ours and for yours: see docs/adding-an-adapter.md.

from registry.conformance import AdapterSuite, Rig, Try, Wrong

class TestMine(AdapterSuite):
    @pytest.fixture
    def rig(self): yield Rig(...)
"""

from registry.conformance.rig import Rig, Try, Wrong, unsigned
from registry.conformance.suite import AdapterSuite

__all__ = ["AdapterSuite", "Rig", "Try", "Wrong", "unsigned"]
