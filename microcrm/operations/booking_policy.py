"""The owner's terms of booking: reading them, and changing them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select

from microcrm.domain.booking_policy import FLAGS, MOST_STEPS, NUMBERS, CodeWay, FeeStep, PolicyTerms, read_ladder
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.policy import BookingPolicy
from microcrm.operations.parts.deposit_rules import read_rule
from microcrm.operations.parts.rows import amend, create, same_version
from microcrm.operations.unit_of_work import UnitOfWork

NOTE_LIMIT = 1_000
_PLAIN = tuple(f.name for f in fields(PolicyTerms) if f.name != "fee_ladder")


@dataclass(frozen=True, slots=True)
class FeeRung:
    """One step of the ladder as typed: minutes before the visit, and hundredths of the price."""

    within_min: Any
    percent: Any


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """As typed; what is ``None`` stays as it is. ``most_per_day`` "": no limit. The deposit's amount
    and share are read with its kind. ``version``: of the terms the form shows."""

    version: Any
    is_online: Any = None
    min_notice_min: Any = None
    horizon_days: Any = None
    slot_step_min: Any = None
    most_per_day: Any = None
    hold_min: Any = None
    needs_approval: Any = None
    approval_hours: Any = None
    payment_min: Any = None
    cancel_cutoff_min: Any = None
    reschedule_cutoff_min: Any = None
    fee_ladder: Sequence[FeeRung] | None = None
    no_show_percent: Any = None
    deposit_kind: Any = None
    deposit_amount: Any = None
    deposit_percent: Any = None
    is_override_allowed: Any = None
    is_telling_usual: Any = None
    is_code_needed: Any = None
    code_way: Any = None
    is_waitlist_on: Any = None
    offer_min: Any = None
    offer_band: Any = None
    is_queue_on: Any = None
    note: Any = None


def policy_of(uow: UnitOfWork) -> PolicyTerms:
    """The terms of this business; they are shown to whoever books."""
    uow.require_public()
    row = uow.session.scalars(select(BookingPolicy).where(BookingPolicy.business_id == uow.business_id)).first()
    return PolicyTerms() if row is None else terms_in(row)


def terms_in(row: BookingPolicy) -> PolicyTerms:
    return PolicyTerms(**{name: getattr(row, name) for name in _PLAIN}, fee_ladder=read_ladder(row.fee_ladder))


def change_policy(uow: UnitOfWork, command: ChangePolicy) -> str:
    """Returns the undo token, or "" when nothing was different. ``Conflict`` for an older version."""
    uow.require(Permission.BUSINESS_EDIT)
    values = _read(command)
    row = uow.session.scalars(
        select(BookingPolicy).where(BookingPolicy.business_id == uow.business_id).with_for_update()
    ).first()
    same_version(command.version, 0 if row is None else row.version)
    if row is None:
        return create(
            uow, "booking_policy", BookingPolicy(business_id=uow.business_id, **(_defaults() | values)), "booking rules"
        )
    return amend(uow, "booking_policy", row, values, "booking rules")


def _defaults() -> dict[str, Any]:
    terms = PolicyTerms()
    return {name: getattr(terms, name) for name in _PLAIN if name != "version"}


def _read(command: ChangePolicy) -> dict[str, Any]:
    reader = Reader()
    values: dict[str, Any] = {}
    for name, (label, low, high) in NUMBERS.items():
        if (raw := getattr(command, name)) is not None:
            values[name] = reader.whole_number(name, raw, label, low=low, high=high)
    for name, label in FLAGS.items():
        if (raw := getattr(command, name)) is not None:
            values[name] = reader.flag(name, raw, label)
    if command.code_way is not None:
        values["code_way"] = reader.member("code_way", command.code_way, "Where the code goes", CodeWay)
    if command.most_per_day is not None:
        values["most_per_day"] = reader.optional_number(
            "most_per_day", command.most_per_day, "Visits a day", low=1, high=10_000
        )
    if command.note is not None:
        values["note"] = reader.note("note", command.note, "Note", limit=NOTE_LIMIT)
    if command.fee_ladder is not None:
        values["fee_ladder"] = [step._asdict() for step in _read_ladder(reader, command.fee_ladder)]
    if command.deposit_kind is not None:
        values |= read_rule(reader, command.deposit_kind, command.deposit_amount, command.deposit_percent)
    reader.done()
    return values


def _read_ladder(reader: Reader, raw: Any) -> list[FeeStep]:
    """The later somebody cancels, the more it may cost, never less."""
    if not isinstance(raw, list | tuple) or len(raw) > MOST_STEPS:
        reader.refuse("fee_ladder", f"Give at most {MOST_STEPS} steps.")
        return []
    steps = sorted(
        FeeStep(
            reader.whole_number("fee_ladder", getattr(one, "within_min", None), "Time before", low=1, high=43_200),
            reader.whole_number("fee_ladder", getattr(one, "percent", None), "Fee", low=1, high=100),
        )
        for one in raw
    )
    for late, early in itertools.pairwise(steps):
        if late.within_min == early.within_min:
            reader.refuse("fee_ladder", "Two steps begin at the same time. Keep one of them.")
        elif late.percent <= early.percent:
            reader.refuse("fee_ladder", "A later cancellation must cost more than an earlier one.")
    return steps
