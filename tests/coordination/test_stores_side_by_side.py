"""Every store gives the same answers: the process's own, the database and Redis, 5,000 steps."""

import pytest
from django.conf import settings as django_settings
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from integration_hub.coordination.models import BucketRow, CircuitRow, SlotRow, TurnRow
from integration_hub.coordination.permit import Ask, End, Gates
from integration_hub.coordination.stores.database import DatabaseStore
from integration_hub.coordination.stores.local import LocalStore
from integration_hub.coordination.stores.redis import RedisStore
from integration_hub.lib import clock
from integration_hub.lib.errors import HubError
from tests.coordination.conftest import REDIS_URL, forget
from tests.coordination.test_lua_is_the_core import CIRCUITS, LIMITS, PROBE_SECONDS, SLOT_SECONDS

pytestmark = pytest.mark.django_db
ENDS = st.sampled_from(["success", "failure", "failure", "ignored"])


class Stores(RuleBasedStateMachine):
    client = None

    @initialize(circuit=CIRCUITS, limits=LIMITS, shared=st.booleans())
    def begin(self, circuit, limits, shared):
        for model in (CircuitRow, BucketRow, SlotRow, TurnRow):
            model.objects.all().delete()
        self.stores = [LocalStore(), DatabaseStore()]
        if self.client is not None:
            forget(self.client)
            self.stores.append(RedisStore(REDIS_URL))
        pool = "scope" if shared else ""
        self.gates = [
            Gates(f"scope:{name}", circuit, limits, bucket=pool, slots=pool) for name in "ab"
        ]
        self.clock, self.flying, self.number = clock.FakeClock(), [], 0

    @rule(seconds=st.sampled_from([0.0, 0.125, 1.0, 4.0, 11.0, 61.0]))
    def time_goes_by(self, seconds):
        self.clock.advance(seconds)

    @rule(
        method=st.integers(0, 1),
        lane=st.sampled_from(["now", "interactive", "batch"]),
        patience=st.sampled_from([0.0, 2.0, 3600.0]),
        hold=st.sampled_from([0.25, 1.0]),
    )
    def a_call_asks_to_go(self, method, lane, patience, hold):
        self.number += 1
        token = f"token-{self.number}"
        ask = Ask(self.gates[method], SLOT_SECONDS, PROBE_SECONDS, token, lane, patience, hold)
        answers, permits = [], []
        for store in self.stores:
            try:
                with clock.use(self.clock):
                    permits.append(store.admit(ask))
                answers.append(("go", 0.0))
            except HubError as error:
                answers.append((error.code, error.retry_after))
        for answer in answers[1:]:
            assert answer[0] == answers[0][0], answers
            assert answer[1] == pytest.approx(answers[0][1], abs=2e-6), answers
        if permits:
            assert len({permit.probe for permit in permits}) == 1
            self.flying.append(permits)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), outcome=ENDS, duration_ms=st.sampled_from([1.0, 100.5]))
    def a_call_ends(self, data, outcome, duration_ms):
        permits = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        with clock.use(self.clock):
            found = [
                store.settle(permit, End(outcome, duration_ms))()
                for store, permit in zip(self.stores, permits, strict=True)
            ]
        assert found.count(found[0]) == len(found), found

    @rule(state=st.sampled_from(["forced_open", "disabled", "closed"]))
    def an_operator_sets_it(self, state):
        with clock.use(self.clock):
            for store in self.stores:
                store.force("scope:a", state)


def test_no_store_differs_from_another(request, monkeypatch):
    if django_settings.REDIS_URL:
        monkeypatch.setattr(Stores, "client", request.getfixturevalue("empty_redis"))
    run_state_machine_as_test(
        Stores,
        settings=hypothesis_settings(
            max_examples=100,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # shrinking on a live server outlasts the test's time
        ),
    )
