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
from microcrm.operations.parts.ranks import is_owner
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
    """``is_shown``: until everything is done or the owner has put it away. ``is_untouched``: a brand-new shop whose owner has
    neither begun the steps nor said later. ``asks_second_step``: an owner may be asked for one, having not said not now."""

    is_shown: bool
    tasks: tuple[Task, ...]
    is_untouched: bool = False
    asks_second_step: bool = False


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
    _note(uow, put_away=True)
    uow.audit("onboarding", "business", uow.business_id, step="checklist", outcome="put_away")


def finish_later(uow: UnitOfWork) -> None:
    """Leave the steps as they are; Today no longer leads there by itself."""
    uow.require(Permission.BUSINESS_EDIT)
    _note(uow, later=True)
    uow.audit("onboarding", "business", uow.business_id, step="steps", outcome="later")


def ask_no_second_step(uow: UnitOfWork) -> None:
    """This owner is not asked again on Today. The account page still offers it."""
    uow.require(Permission.BUSINESS_EDIT)
    told = _shop(uow, is_locked=True).onboarding.get("no_second_step", [])
    _note(uow, no_second_step=[*told, uow.actor.member_id])
    uow.audit("onboarding", "business", uow.business_id, step="second_step", outcome="later")


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
    is_put_away = bool(shop.onboarding.get("put_away"))
    is_open = not is_put_away and not all(task.is_done for task in tasks)
    may_edit = uow.may(Permission.BUSINESS_EDIT)
    is_untouched = not (steps or is_put_away or shop.onboarding.get("later") or _has(uow, Customer))
    is_told = uow.actor.member_id in shop.onboarding.get("no_second_step", [])
    return Checklist(
        is_shown=is_open and may_edit,
        tasks=tasks,
        is_untouched=is_untouched and may_edit,
        asks_second_step=is_owner(uow) and not is_told and not uow.actor.is_viewing_as,
    )


def _progress(shop: Business) -> Progress:
    steps = shop.onboarding.get("steps", {})
    done = tuple(step for step in STEPS if steps.get(step) == "done")
    skipped = tuple(step for step in STEPS if steps.get(step) == "skipped")
    return Progress(next((step for step in STEPS if step not in steps), ""), done, skipped)


def _note(uow: UnitOfWork, **facts: Any) -> None:
    shop = _shop(uow, is_locked=True)
    shop.onboarding = {**shop.onboarding, **facts}
    uow.session.add(shop)


def _shop(uow: UnitOfWork, *, is_locked: bool = False) -> Business:
    query = select(Business).where(Business.id == uow.business_id)
    return uow.session.exec(query.with_for_update() if is_locked else query).one()


def _has(uow: UnitOfWork, table: Any) -> bool:
    return uow.session.exec(select(table.id).where(table.business_id == uow.business_id).limit(1)).first() is not None


def _count(uow: UnitOfWork, table: Any) -> int:
    return int(uow.session.exec(select(func.count()).where(table.business_id == uow.business_id)).one())
