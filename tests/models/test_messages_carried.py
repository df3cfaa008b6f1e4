"""What waited in the outbox before there were messages is taken along by the migration."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from microcrm.operations.unit_of_work import system
from tests.conftest import Work
from tests.support.shops import Shop
from tests.support.sources import ROOT

_FILE = ROOT / "alembic" / "versions" / "2026_11_30_0600_messages.py"


def carry() -> str:
    spec = importlib.util.spec_from_file_location("messages_migration", _FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module._CARRY)


def test_what_is_fresh_goes_on_and_what_is_old_says_that_it_was_too_late(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(system(shop.business_id)) as uow:
        now = uow.session.execute(text("SELECT now()")).scalar_one()
        base = {"booking_id": shop.booking_id, "language": "hi"}
        for key, payload, due in (
            (f"booking:{shop.booking_id}:3:moved:message", {**base, "step": "moved", "channel": "message"}, now),
            (f"booking:{shop.booking_id}:1:booked_all:email",
             {**base, "step": "booked_all", "channel": "email", "booking_ids": [shop.booking_id]}, now - timedelta(days=3)),
        ):  # fmt: skip
            uow.enqueue("booking_notice", key, payload, due_at=due)
        uow.session.execute(text(carry()))
        rows: list[Any] = list(
            uow.session.execute(
                text(
                    "SELECT subject, subject_version, step, channel, language, state, reason, details, customer_id "
                    "FROM messages ORDER BY id"
                )
            )
        )
        subject = f"booking:{shop.booking_id}"
        assert [tuple(row) for row in rows] == [
            (subject, 3, "moved", "whatsapp", "hi", "planned", "", {}, shop.customer_id),
            (subject, 1, "booked_all", "email", "hi", "suppressed", "too_late",
             {"booking_ids": [shop.booking_id]}, shop.customer_id),
        ]  # fmt: skip
