"""The first steps of a new shop: where it stands in them, and what is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import func, select

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.trades import Trade
from microcrm.models.business import Business, Invitation, Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.schedule import WeeklyHours
from microcrm.operations.parts.rows import amend
from microcrm.operations.unit_of_work import UnitOfWork

STEPS = ("trade", "business", "hours", "services", "share")


@dataclass(frozen=True, slots=True)
class Progress:
    """``step``: the one to show, the first that is neither done nor skipped; "" when all are."""

    step: str
    done: tuple[str, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the checklist on Today."""

    key: str
    label: str
    href: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """``is_shown``: until everything is done or the owner has put it away."""

    is_shown: bool
    tasks: tuple[Task, ...]


def progress(uow: UnitOfWork) -> Progress:
    uow.require(Permission.SHOP_VIEW)
    return _progress(_shop(uow))


def mark_step(uow: UnitOfWork, step: str, outcome: str) -> Progress:
    """Note that a step was ``done`` or ``skipped``. A step that was done stays done."""
    uow.require(Permission.BUSINESS_EDIT)
    if step not in STEPS or outcome not in ("done", "skipped"):
        raise Invalid("That is not one of the steps.")
    shop = _shop(uow, is_locked=True)
    steps = dict(shop.onboarding.get("steps", {}))
    if steps.get(step) != "done":
        steps[step] = outcome
    shop.onboarding = {**shop.onboarding, "steps": steps}
    uow.session.add(shop)
    uow.audit("onboarding", "business", shop.id, step=step, outcome=outcome)
    return _progress(shop)


def choose_trade(uow: UnitOfWork, raw_trade: Any) -> str:
    """What kind of business it is. Services that are there stay. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    fields = Reader()
    trade = fields.member("trade", raw_trade, "Kind of business", Trade)
    fields.done()
    return amend(uow, "business", _shop(uow, is_locked=True), {"trade": trade.value}, "kind of business")


def put_checklist_away(uow: UnitOfWork) -> None:
    uow.require(Permission.BUSINESS_EDIT)
    shop = _shop(uow, is_locked=True)
    shop.onboarding = {**shop.onboarding, "put_away": True}
    uow.session.add(shop)
    uow.audit("onboarding", "business", shop.id, step="checklist", outcome="put_away")


def checklist(uow: UnitOfWork) -> Checklist:
    """What a new shop still has to do, read from what is there and not from what was clicked."""
    uow.require(Permission.SHOP_VIEW)
    shop = _shop(uow)
    steps = shop.onboarding.get("steps", {})
    tasks = (
        Task("business", "Fill in address and GST", "/settings/business", bool(shop.address and shop.pin)),
        Task("hours", "Set your opening hours", "/settings/hours", _has(uow, WeeklyHours) and "hours" in steps),
        Task("services", "Check your services and prices", "/settings/services", _has(uow, Service) and "services" in steps),
        Task("staff", "Add the people who work with you", "/settings/staff", _count(uow, Member) > 1 or _has(uow, Invitation)),
        Task("customer", "Add your first customer", "/customers", _has(uow, Customer)),
        Task("share", "Share your booking link", "/welcome?step=share", steps.get("share") == "done"),
    )  # fmt: skip
    is_open = not shop.onboarding.get("put_away") and not all(task.is_done for task in tasks)
    return Checklist(is_open and uow.may(Permission.BUSINESS_EDIT), tasks)


def _progress(shop: Business) -> Progress:
    steps = shop.onboarding.get("steps", {})
    done = tuple(step for step in STEPS if steps.get(step) == "done")
    skipped = tuple(step for step in STEPS if steps.get(step) == "skipped")
    return Progress(next((step for step in STEPS if step not in steps), ""), done, skipped)


def _shop(uow: UnitOfWork, *, is_locked: bool = False) -> Business:
    query = select(Business).where(Business.id == uow.business_id)
    return uow.session.exec(query.with_for_update() if is_locked else query).one()


def _has(uow: UnitOfWork, table: Any) -> bool:
    return uow.session.exec(select(table.id).where(table.business_id == uow.business_id).limit(1)).first() is not None


def _count(uow: UnitOfWork, table: Any) -> int:
    return int(uow.session.exec(select(func.count()).where(table.business_id == uow.business_id)).one())
