"""``microcrm audit verify``, as somebody types it."""

from __future__ import annotations

import subprocess
import sys

from microcrm import wiring
from tests.support.shops import TwoShops
from tests.tasks.test_sweeps import change_behind_the_walls


def verify() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "microcrm.cli", "audit", "verify"], capture_output=True, text=True)


def test_a_whole_log_is_said_to_be_whole_and_a_changed_event_is_named(fresh_database: TwoShops) -> None:
    from tasks.audit import sweep

    for shop in (fresh_database.a, fresh_database.b):
        with wiring.unit_of_work(shop.actor()) as uow:
            for number in range(3):
                uow.audit("change", "service", shop.service_id, number=number)
    sweep()
    whole = verify()
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.count("3 events, whole") == 2

    change_behind_the_walls(fresh_database.a.business_id)
    broken = verify()
    assert broken.returncode == 1
    assert f"business {fresh_database.a.business_id}: 1 events, BROKEN at place 2" in broken.stdout
    assert "1 of 2" in broken.stderr
