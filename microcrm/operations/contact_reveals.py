"""Looking at a masked number or address: for a reason, out of a daily budget, written down in the same transaction.

Who does it is locked first (their own row of ``members``), then counted, so that presses at the same moment cannot spend more than
there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, case, func, select, text

from microcrm.domain.bell import BellKind
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
from microcrm.operations.bell.ringing import ring
from microcrm.operations.customer_access import may_contact, visible_customers
from microcrm.operations.parts.together import Part, read_part
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
    """How many more numbers this person may look at today; one statement, none for those who see all of them."""
    uow.require(Permission.CUSTOMERS_VIEW)
    return read_part(uow, looks_left_part(uow))


def looks_left_part(uow: UnitOfWork) -> Part[int]:
    """The same, for operations that have asked already."""
    spent = (
        select(func.count())
        .where(
            ContactReveal.business_id == uow.business_id, ContactReveal.member_id == uow.actor.member_id,
            ContactReveal.day == _today(uow),
        )
        .scalar_subquery()
    )  # fmt: skip
    query = select(Member.role, _budget(uow, Member).scalar_subquery().label("a_day"), spent.label("spent")).where(
        Member.business_id == uow.business_id, Member.id == uow.actor.member_id
    )
    is_masked = uow.may(Permission.CUSTOMERS_REVEAL) and not may_contact(uow.actor)
    return Part(query if is_masked else None, lambda rows: sum(max(0, _allowed(row) - row.spent) for row in rows))


def customer_reveals(uow: UnitOfWork, raw_customer_id: Any) -> tuple[RevealLine, ...]:
    """Who looked at this customer's number last; for those who may see the activity log, one statement."""
    uow.require(Permission.CUSTOMERS_VIEW)
    reader = Reader()
    customer_id = reader.id("customer_id", raw_customer_id, "Customer")
    return () if reader.errors else read_part(uow, looks_part(uow, customer_id))


def looks_part(uow: UnitOfWork, customer_id: int) -> Part[tuple[RevealLine, ...]]:
    """The same, for operations that have asked already."""
    seen = ContactReveal
    query = (
        select(seen.at, Member.name, seen.contact, seen.reason, seen.words)
        .join(Member, (Member.business_id == seen.business_id) & (Member.id == seen.member_id))
        .where(seen.business_id == uow.business_id, seen.customer_id == customer_id)
        .order_by(seen.id.desc())
        .limit(SHOWN)
    )
    return Part(
        query if uow.may(Permission.ACTIVITY_VIEW) else None,
        lambda rows: tuple(RevealLine(row.at, row.name, CONTACTS[Contact(row.contact)], _why(row)) for row in rows),
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
    found = uow.session.scalars(_budget(uow, member)).first()
    return USUAL_A_DAY[Role(member.role)] if found is None else found


def _allowed(row: Any) -> int:
    a_day: int | None = row.a_day
    return USUAL_A_DAY[Role(row.role)] if a_day is None else a_day


def _budget(uow: UnitOfWork, member: Any) -> Select[tuple[int]]:
    """Their own number before that of their role; nothing where the usual one counts."""
    budget = RevealBudget
    return (
        select(budget.a_day)
        .where(budget.business_id == uow.business_id, (budget.member_id == member.id) | (budget.role == member.role))
        .order_by(case((budget.member_id.is_not(None), 0), else_=1))
        .limit(1)
    )


def _none_left(a_day: int) -> str:
    return f"You have used your {format_count(a_day, 'look')} of today." if a_day else "Your shop allows no looks."


def _why(row: Any) -> str:
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
    ring(uow, BellKind.CONTACTS, f"{member.id}:{day.isoformat()}:{heat.value}", who=member.id, member=member.id)
    shop = uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()
    for owner in uow.session.execute(_OWNERS, {"business": uow.business_id}):
        mail(
            uow, owner.email, "contacts_looked_at", f"{owner.id}:{member.id}:{day.isoformat()}:{heat.value}",
            name=owner.name, who=member.name, shop=shop, count=count, is_spent=heat is Heat.SPENT,
            at=uow.now.isoformat(), path=f"/activity?kind=customers&member={member.id}",
        )  # fmt: skip
