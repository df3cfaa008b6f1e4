"""Looking at a masked number or address: for a reason, out of a daily budget, written down in the same transaction.

Who does it is locked first (their own row of ``members``), then counted, so that presses at the same moment cannot spend more than
there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, case, func, select, text

from microcrm.domain.errors import Forbidden, LimitReached, NotFound
from microcrm.domain.fields import LINE, Reader
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission, Role
from microcrm.domain.phone import display_phone
from microcrm.domain.reveals import CONTACTS, REASONS, USUAL_A_DAY, Contact, Heat, RevealReason, heat_of
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business, Member
from microcrm.models.customers import Customer
from microcrm.models.reveals import ContactReveal, RevealBudget
from microcrm.operations.accounts.letters import mail
from microcrm.operations.customer_access import may_contact, visible_customers
from microcrm.operations.unit_of_work import UnitOfWork

SHOWN = 10


@dataclass(frozen=True, slots=True)
class RevealContact:
    """As sent. ``words``: why, where the reason is none of the list."""

    customer_id: Any
    contact: Any
    reason: Any
    words: Any = ""


@dataclass(frozen=True, slots=True)
class Revealed:
    """``value`` as people read it; ``link`` is what a press on it opens (``tel:`` or ``mailto:``). ``left``: how many more
    today."""

    value: str = field(repr=False)
    link: str = field(repr=False)
    left: int


@dataclass(frozen=True, slots=True)
class RevealLine:
    at: datetime
    who: str
    contact: str
    why: str


@dataclass(frozen=True, slots=True)
class HotMember:
    """Somebody who looked at unusually many numbers today; ``is_spent``: at all that they may."""

    member_id: int
    name: str
    count: int
    is_spent: bool


def reveal_contact(uow: UnitOfWork, command: RevealContact) -> Revealed:
    """Raises: Invalid, NotFound, Forbidden, LimitReached when today's looks are used up."""
    uow.require(Permission.CUSTOMERS_REVEAL)
    customer_id, contact, reason, words = _read(command)
    if may_contact(uow.actor):
        raise Forbidden("You see numbers and addresses in full.", remedy="They are on the customer’s page.")
    member = _lock_self(uow)
    value = _value(uow, customer_id, contact)
    day = _today(uow)
    earlier, a_day = _looks(uow, day), _a_day(uow, member)
    if len(earlier) >= a_day:
        raise LimitReached(_none_left(a_day), remedy="Ask somebody at the desk, or the owner for more.")
    heat = heat_of(earlier, uow.now, a_day)
    uow.session.add(
        ContactReveal(
            business_id=uow.business_id, customer_id=customer_id, member_id=member.id, contact=contact.value,
            reason=reason.value, words=words, heat=heat.value if heat else "", day=day, at=uow.now,
        )
    )  # fmt: skip
    uow.audit("contact.revealed", "customer_contact", customer_id, contact=contact.value, reason=reason.value)
    if heat is not None:
        _tell_owners(uow, member, heat, day, len(earlier) + 1)
    is_phone = contact is Contact.PHONE
    shown, link = (display_phone(value), f"tel:{value}") if is_phone else (value, f"mailto:{value}")
    return Revealed(shown, link, a_day - len(earlier) - 1)


def reveals_left(uow: UnitOfWork) -> int:
    """How many more numbers this person may look at today; two statements, none for those who see all of them."""
    uow.require(Permission.CUSTOMERS_VIEW)
    if not uow.may(Permission.CUSTOMERS_REVEAL) or may_contact(uow.actor):
        return 0
    member = uow.session.get_one(Member, uow.actor.member_id)
    return max(0, _a_day(uow, member) - len(_looks(uow, _today(uow))))


def customer_reveals(uow: UnitOfWork, raw_customer_id: Any) -> tuple[RevealLine, ...]:
    """Who looked at this customer's number last; for those who may see the activity log, one statement."""
    uow.require(Permission.CUSTOMERS_VIEW)
    reader = Reader()
    customer_id = reader.id("customer_id", raw_customer_id, "Customer")
    if reader.errors or not uow.may(Permission.ACTIVITY_VIEW):
        return ()
    seen = ContactReveal
    query = (
        select(seen.at, Member.name, seen.contact, seen.reason, seen.words)
        .join(Member, (Member.business_id == seen.business_id) & (Member.id == seen.member_id))
        .where(seen.business_id == uow.business_id, seen.customer_id == customer_id)
        .order_by(seen.id.desc())
        .limit(SHOWN)
    )
    return tuple(
        RevealLine(row.at, row.name, CONTACTS[Contact(row.contact)], _why(row)) for row in uow.session.execute(query)
    )


def hot_members(uow: UnitOfWork) -> tuple[HotMember, ...]:
    """Who looked at unusually many numbers today; for those who may see the activity log, one statement."""
    uow.require(Permission.SHOP_VIEW)
    if not uow.may(Permission.ACTIVITY_VIEW):
        return ()
    seen = ContactReveal
    day = _today(uow)
    hot = select(seen.member_id).where(seen.business_id == uow.business_id, seen.day == day, seen.heat != "")
    query = (
        select(
            seen.member_id, Member.name, func.count().label("count"),
            func.bool_or(seen.heat == Heat.SPENT.value).label("spent"),
        )
        .join(Member, (Member.business_id == seen.business_id) & (Member.id == seen.member_id))
        .where(seen.business_id == uow.business_id, seen.day == day, seen.member_id.in_(hot))
        .group_by(seen.member_id, Member.name)
        .order_by(func.count().desc(), seen.member_id)
    )  # fmt: skip
    return tuple(HotMember(row.member_id, row.name, row.count, row.spent) for row in uow.session.execute(query))


def _read(command: RevealContact) -> tuple[int, Contact, RevealReason, str]:
    reader = Reader()
    customer_id = reader.id("customer_id", command.customer_id, "Customer")
    contact = reader.member("contact", command.contact, "What to look at", Contact)
    reason = reader.member("reason", command.reason, "Why", RevealReason)
    is_other = reason is RevealReason.OTHER
    words = reader.text("words", command.words, "Your own words", limit=LINE, least=4, required=is_other)
    reader.done()
    return customer_id, contact, reason, words


def _lock_self(uow: UnitOfWork) -> Member:
    query = select(Member).where(Member.business_id == uow.business_id, Member.id == uow.actor.member_id)
    member = uow.session.scalars(query.with_for_update(key_share=True)).first()
    if member is None:
        raise Forbidden
    return member


def _value(uow: UnitOfWork, customer_id: int, contact: Contact) -> str:
    column = Customer.phone if contact is Contact.PHONE else Customer.email
    query = select(column).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    value = uow.session.scalars(query).first()
    if not value:
        raise NotFound(f"This customer has no {CONTACTS[contact]} that you may see.")
    return str(value)


def _today(uow: UnitOfWork) -> date:
    return today_in(zone_of(uow.actor.zone), uow.now)


def _looks(uow: UnitOfWork, day: date) -> Sequence[datetime]:
    query = select(ContactReveal.at).where(
        ContactReveal.business_id == uow.business_id,
        ContactReveal.member_id == uow.actor.member_id,
        ContactReveal.day == day,
    )
    return uow.session.scalars(query).all()


def _a_day(uow: UnitOfWork, member: Member) -> int:
    """Their own number before that of their role, before the usual one."""
    budget = RevealBudget
    query = (
        select(budget.a_day)
        .where(budget.business_id == uow.business_id, (budget.member_id == member.id) | (budget.role == member.role))
        .order_by(case((budget.member_id.is_not(None), 0), else_=1))
        .limit(1)
    )
    found = uow.session.scalars(query).first()
    return USUAL_A_DAY[Role(member.role)] if found is None else found


def _none_left(a_day: int) -> str:
    return f"You have used your {format_count(a_day, 'look')} of today." if a_day else "Your shop allows no looks."


def _why(row: Row[Any]) -> str:
    reason = RevealReason(row.reason)
    if reason is RevealReason.OTHER:
        return str(row.words)
    return f"{REASONS[reason]}: {row.words}" if row.words else REASONS[reason]


_OWNERS = text("""
SELECT m.id, m.name, e.email FROM members m JOIN emails_of_members() e ON e.member_id = m.id
WHERE m.business_id = :business AND m.role = 'owner' AND m.deactivated_at IS NULL ORDER BY m.id
""")


def _tell_owners(uow: UnitOfWork, member: Member, heat: Heat, day: date, count: int) -> None:
    """Once a day for each way of running hot."""
    shop = uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()
    for owner in uow.session.execute(_OWNERS, {"business": uow.business_id}):
        mail(
            uow, owner.email, "contacts_looked_at", f"{owner.id}:{member.id}:{day.isoformat()}:{heat.value}",
            name=owner.name, who=member.name, shop=shop, count=count, is_spent=heat is Heat.SPENT,
            at=uow.now.isoformat(), path=f"/activity?kind=customers&member={member.id}",
        )  # fmt: skip
