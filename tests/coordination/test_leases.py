import threading
from datetime import timedelta

import pytest
from django.db import connection

from integration_hub.coordination import dbtime, leases
from integration_hub.coordination.models import LeaseRow


def expire(name):
    LeaseRow.objects.filter(name=name).update(until=dbtime.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_one_holds_it_and_the_next_does_not():
    assert leases.hold("sealer", 60) is not None
    assert leases.hold("sealer", 60) is None
    assert leases.hold("another", 60) is not None


@pytest.mark.django_db
def test_a_released_lease_is_free_at_once_and_its_fence_grew():
    first = leases.hold("sealer", 60)
    assert first.release()
    second = leases.hold("sealer", 60)
    assert second.fence > first.fence
    assert not first.release()
    assert leases.hold("sealer", 60) is None


@pytest.mark.django_db
def test_an_expired_lease_goes_to_the_next_and_is_lost_to_the_first():
    first = leases.hold("sealer", 60)
    expire("sealer")
    second = leases.hold("sealer", 60)
    assert second.fence > first.fence
    assert not first.renew()
    assert not first.release()
    assert second.renew()


@pytest.mark.django_db
def test_a_late_renewal_holds_while_nobody_else_took_it():
    lease = leases.hold("sealer", 60)
    expire("sealer")
    assert lease.renew()
    assert leases.hold("sealer", 60) is None


@pytest.mark.django_db
def test_a_lease_goes_by_the_databases_clock(fake_clock):
    leases.hold("sealer", 60)
    fake_clock.advance(10_000)
    assert leases.hold("sealer", 60) is None


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_gets_it():
    barrier, won = threading.Barrier(8), []

    def take():
        try:
            barrier.wait()
            if lease := leases.hold("sealer", 60):
                won.append(lease)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
