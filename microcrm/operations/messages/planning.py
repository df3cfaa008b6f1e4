"""Writing down what is to be said, with the change itself; and taking it back before it has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import select

from microcrm.domain.messages import FOLLOWING, MAY_BE_KNOWN
from microcrm.domain.messenger import Channel
from microcrm.models.customers import Customer
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

# What was withdrawn may be planned again: a change that was taken back and made once more.
_PLAN = fixed("""
INSERT INTO messages AS m (business_id, customer_id, booking_id, subject, subject_version, step, channel, language, about_at,
  details, created_at, due_at, expires_at)
VALUES (:business, :customer, :booking, :subject, :version, :step,
  CASE WHEN :channel <> '' THEN :channel WHEN :by_phone THEN coalesce((
    SELECT t.channel FROM message_plans p, jsonb_array_elements_text(p.channels) WITH ORDINALITY AS t (channel, place)
    WHERE p.business_id = :business AND t.channel <> 'email' ORDER BY t.place LIMIT 1), 'whatsapp') ELSE 'email' END,
  :language, :about, :details, :now, :due, :expires)
ON CONFLICT ON CONSTRAINT uq_messages_key DO UPDATE
SET state = 'planned', reason = '', finished_at = NULL, due_at = excluded.due_at, expires_at = excluded.expires_at,
  language = excluded.language, about_at = excluded.about_at, details = excluded.details
WHERE m.state = 'withdrawn'
""")
# Reminders stay: they follow the visit (`reminders.py`).
_WITHDRAW = fixed("""
WITH gone AS (
  UPDATE messages SET state = 'withdrawn', reason = 'taken_back', finished_at = :now
  WHERE business_id = :business AND subject = :subject AND subject_version = :version AND state = 'planned'
  AND step <> ALL(:following)
)
SELECT EXISTS (SELECT FROM messages WHERE business_id = :business AND subject = :subject AND subject_version = :version
  AND state = ANY(:known) AND step <> ALL(:following))
""")
_KNOWN, _FOLLOWING = sorted(MAY_BE_KNOWN), sorted(FOLLOWING)


@dataclass(frozen=True, slots=True)
class Plan:
    """``subject``: "booking:5" in this ``version``, or "offer:7". ``by_phone``: by the first of the shop's channels that go to a phone,
    else by mail; ``channel``: by this one and no other. ``about_at``: the visit's start."""

    subject: str
    step: str
    by_phone: bool
    due_at: datetime
    expires_at: datetime | None
    version: int = 1
    customer_id: int | None = None
    booking_id: int | None = None
    language: str = ""
    about_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    channel: str = ""


def plan(uow: UnitOfWork, wanted: Plan) -> None:
    """The same step of the same version by the same channel again changes nothing."""
    values = {
        "business": uow.business_id, "customer": wanted.customer_id, "booking": wanted.booking_id,
        "subject": wanted.subject, "version": wanted.version, "step": wanted.step, "by_phone": wanted.by_phone,
        "channel": wanted.channel,
        "language": wanted.language, "about": wanted.about_at, "details": Jsonb(dict(wanted.details)), "now": uow.now,
        "due": wanted.due_at, "expires": wanted.expires_at,
    }  # fmt: skip
    uow.session.flush()
    run(uow.session.connection(), _PLAN, values)


def first_way(uow: UnitOfWork, customer_id: int, ways: Sequence[Channel]) -> Channel | None:
    """The first for which the customer has an address."""
    query = select(Customer.phone, Customer.email).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id
    )
    row = uow.session.execute(query).first()
    if row is None:
        return None
    return next((one for one in ways if (row.email if one is Channel.EMAIL else row.phone)), None)


def withdraw(uow: UnitOfWork, subject: str, version: int = 1) -> bool:
    """Whether the customer may know of it already."""
    values = {"business": uow.business_id, "subject": subject, "version": version, "known": _KNOWN, "now": uow.now,
        "following": _FOLLOWING,
    }  # fmt: skip
    return bool(uow.session.connection().execute(_WITHDRAW, values).scalar_one())
