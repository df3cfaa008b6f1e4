"""The small version of ``microcrm bench remind-faults``: real senders, killed again and again, against the stand-in for Twilio. The
servers are shared with other tests and stay alive here; the benchmark kills its own, and worker and clocks as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from bench.remind_faults import Ground, arrived_at, connect, cut, day_zone, faults
from bench.remind_kills import senders
from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import Settings, settings
from tests.conftest import act_as
from tests.support.sandbox import SEED, Sandbox
from tests.support.shops import TwoShops


def test_kills_lose_nothing_and_double_nothing(
    fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    shop = fresh_database.a
    dice = Random(11)

    def people(uow: UnitOfWork) -> list[int]:
        uow.session.execute(text("UPDATE businesses SET zone = :zone"), {"zone": day_zone(uow.now)})
        uow.session.execute(text("UPDATE bookings SET status = 'finished'"))
        rows = [
            Customer(
                business_id=uow.business_id, name=f"Guest {n}", phone=f"+919{dice.randrange(10**9):09d}", tags=[],
                created_at=uow.now,
            )
            for n in range(12)
        ]  # fmt: skip
        uow.session.add_all(rows)
        uow.session.flush()
        return [row.id or 0 for row in rows]

    customers = act_as(system(shop.business_id), people)
    actor = replace(shop.actor(), zone=day_zone(wiring.now()))
    account = connect(actor, SEED)
    before = set(arrived_at(sandbox.url, account))
    ground = Ground(
        actor, shop.service_id, shop.members[Role.MANAGER], customers,
        lambda: [one for one in arrived_at(sandbox.url, account) if one not in before], cut,
    )  # fmt: skip
    found = faults(ground, senders(tmp_path), 12, dice, lambda _: None)
    assert found["kills"] == 12 and found["arrived"] > 0 and found["booked"] > 0
    wrong = {name: found[name] for name in ("twice", "lost", "for_a_dead_version", "not_let_through_but_there")}
    assert wrong == dict.fromkeys(wrong, 0), found
