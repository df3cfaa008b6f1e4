"""How a shop lets itself be booked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from microcrm.models.base import belongs_to_business, defaulted, identity, json_list, tenant_key


class BookingPolicy(SQLModel, table=True):
    """One row a business; none yet means the defaults here. ``fee_ladder`` is a list of {"within_min", "percent"}: what a
    customer who cancels that late owes of the price, in hundredths of it. ``deposit_paise``
    is for the kind fixed, ``deposit_percent`` for percent."""

    __tablename__ = "booking_policies"
    id: int | None = identity()
    business_id: int = tenant_key()
    is_online: bool = defaulted(True)
    min_notice_min: int = defaulted(60)
    horizon_days: int = defaulted(60)
    slot_step_min: int = defaulted(15)
    most_per_day: int | None = None  # visits a day that customers may book
    hold_min: int = defaulted(10)
    needs_approval: bool = defaulted(False)
    approval_hours: int = defaulted(24)
    payment_min: int = defaulted(15)
    cancel_cutoff_min: int = defaulted(240)
    reschedule_cutoff_min: int = defaulted(240)
    fee_ladder: list[dict[str, Any]] = json_list()
    no_show_percent: int = defaulted(0)
    deposit_kind: str = defaulted("none")
    deposit_paise: int = defaulted(0)
    deposit_percent: int = defaulted(0)
    is_override_allowed: bool = defaulted(True)  # staff may book outside the rules, with a reason
    is_telling_usual: bool = defaulted(True)  # "Tell the customer" is ticked to begin with
    is_code_needed: bool = defaulted(False)  # a code before a public booking counts
    code_way: str = defaulted("email")
    is_waitlist_on: bool = defaulted(True)
    offer_min: int = defaulted(30)  # how long an offer of the waiting list holds its time
    offer_band: int = defaulted(1)  # how many are asked at once
    is_queue_on: bool = defaulted(False)
    note: str = defaulted("")  # in the owner's words, shown before a customer books
    version: int = 1
    __table_args__ = (
        *belongs_to_business(),
        UniqueConstraint("business_id"),
        CheckConstraint("min_notice_min between 0 and 43200", name="min_notice"),
        CheckConstraint("horizon_days between 1 and 366", name="horizon"),
        CheckConstraint("slot_step_min between 5 and 240", name="slot_step"),
        CheckConstraint("hold_min between 2 and 60", name="hold"),
        CheckConstraint("approval_hours between 1 and 168", name="approval"),
        CheckConstraint("payment_min between 5 and 1440", name="payment"),
        CheckConstraint("cancel_cutoff_min >= 0 and reschedule_cutoff_min >= 0", name="cutoffs"),
        CheckConstraint("no_show_percent between 0 and 100", name="no_show"),
        CheckConstraint("deposit_kind in ('none', 'fixed', 'percent', 'full')", name="deposit_kind"),
        CheckConstraint("deposit_paise >= 0 and deposit_percent between 0 and 100", name="deposit"),
        CheckConstraint("code_way in ('phone', 'email')", name="code_way"),
        CheckConstraint("offer_min between 5 and 1440", name="offer"),
        CheckConstraint("offer_band between 1 and 50", name="band"),
    )
