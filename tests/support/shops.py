"""Two shops that are in every test's database, made by plain inserts as the owner role.

A is where tests work; B is the neighbour whose rows must never show. B's texts hold the word CANARY.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from psycopg.types.range import Range
from sqlalchemy import create_engine
from sqlmodel import Session

from microcrm.domain.form_text import fingerprint, to_json
from microcrm.domain.permissions import Role, permissions_of
from microcrm.domain.starting_forms import STARTING_FORMS
from microcrm.domain.trades import Trade
from microcrm.models.accounts import User
from microcrm.models.bookings import Booking, BookingItem, Counter, Occupancy
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Category, Resource, Service, ServiceMember
from microcrm.models.customers import Customer, CustomerWord
from microcrm.models.forms import Form, FormVersion
from microcrm.models.schedule import WeeklyHours
from microcrm.operations.customer_keys import word_rows
from microcrm.operations.unit_of_work import Actor
from microcrm.settings import sqlalchemy_url

OPENED_AT = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
VISIT_AT = datetime(2026, 11, 25, 5, 30, tzinfo=UTC)  # 11:00 am in India, a Wednesday
PASSWORD = "correct horse battery staple"
CANARY = "CANARY"


@cache
def password_hash() -> str:
    """Hashed with few rounds: tests sign in often, and what is tested is not the hash's price."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True, slots=True)
class Shop:
    """Ids of one shop's rows. ``members`` and ``users`` by role."""

    business_id: int
    members: dict[Role, int]
    users: dict[Role, int]
    category_id: int
    service_id: int
    resource_id: int
    customer_id: int
    booking_id: int
    booking_item_id: int

    def actor(self, role: Role = Role.OWNER, **changes: Any) -> Actor:
        """A member of this shop, as the gate would describe them."""
        values: dict[str, Any] = {
            "kind": "member",
            "user_id": self.users[role],
            "business_id": self.business_id,
            "member_id": self.members[role],
            "role": role,
            "permissions": permissions_of(role),
            "is_own_calendar_only": role is Role.STAFF,
        }
        return Actor(**(values | changes))


@dataclass(frozen=True, slots=True)
class TwoShops:
    a: Shop
    b: Shop


def insert(owner_url: str) -> TwoShops:
    """Into an empty, migrated database."""
    engine = create_engine(sqlalchemy_url(owner_url))
    with Session(engine) as session:
        both = TwoShops(_shop(session, "a", "Asha's Salon"), _shop(session, "b", f"{CANARY} Clinic"))
        session.commit()
    engine.dispose()
    return both


def find(owner_url: str) -> TwoShops:
    """The same ids again, in a copy of that database."""
    from sqlmodel import select

    engine = create_engine(sqlalchemy_url(owner_url))
    with Session(engine) as session:
        businesses = session.exec(select(Business).order_by(Business.id)).all()[:2]
        both = TwoShops(*(_described(session, business) for business in businesses))
    engine.dispose()
    return both


def _shop(session: Session, letter: str, name: str) -> Shop:
    def add(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row

    mark = CANARY if letter == "b" else "Plain"
    digit = "1" if letter == "a" else "2"
    business = add(
        Business(
            name=name, legal_name=f"{name} LLP", trade="salon", slug=f"shop-{letter}", phone=f"+9198450{digit}0000",
            city="Bengaluru", state_code="29", holiday_state="29", created_at=OPENED_AT,
        )
    )  # fmt: skip
    members = _members(add, business.id, letter, mark)
    _sale(add, business.id, mark, digit, members)
    _forms(add, business.id)
    return _described(session, business)


def _members(add: Callable[[Any], Any], business_id: int, letter: str, mark: str) -> dict[Role, int]:
    """One of each role, each with a sign-in."""
    members: dict[Role, int] = {}
    for place, role in enumerate(Role):
        email = f"{role.value}@{letter}.example"
        user = add(
            User(
                email=email, email_key=email, name=f"{mark} {role.value}", password_hash=password_hash(),
                password_changed_at=OPENED_AT, email_verified_at=OPENED_AT, created_at=OPENED_AT,
            )
        )  # fmt: skip
        member = add(
            Member(business_id=business_id, user_id=user.id, name=user.name, role=role.value, position=place,
                   joined_at=OPENED_AT, is_own_calendar_only=role is Role.STAFF)
        )  # fmt: skip
        members[role] = member.id
    return members


def _sale(add: Callable[[Any], Any], business_id: int, mark: str, digit: str, members: dict[Role, int]) -> None:
    """What it sells and when, and one visit of one customer."""
    mine = {"business_id": business_id}
    category = add(Category(**mine, name=f"{mark} hair"))
    service = add(Service(**mine, category_id=category.id, name=f"{mark} haircut", duration_min=45, price_paise=60_000))
    for member_id in members.values():
        add(ServiceMember(**mine, service_id=service.id, member_id=member_id))
    add(Resource(**mine, name=f"{mark} chair", kind="chair"))
    for weekday in range(7):
        add(WeeklyHours(**mine, weekday=weekday, start_min=9 * 60, end_min=20 * 60))
    customer_name = f"{mark} Iyer"
    phone = f"+919845{digit}12345"
    customer = add(
        Customer(**mine, name=customer_name, name_key=customer_name.lower(), phone=phone, phone_reversed=phone[::-1],
                 created_at=OPENED_AT)
    )  # fmt: skip
    for row in word_rows(business_id, customer.id, customer_name, ()):
        add(CustomerWord(**row))
    booking = add(
        Booking(**mine, number=1, customer_id=customer.id, status="confirmed", starts_at=VISIT_AT,
                ends_at=VISIT_AT + timedelta(minutes=45), created_at=OPENED_AT)
    )  # fmt: skip
    item = add(
        BookingItem(**mine, booking_id=booking.id, service_id=service.id, member_id=members[Role.STAFF],
                    starts_at=booking.starts_at, ends_at=booking.ends_at, duration_min=45, price_paise=60_000)
    )  # fmt: skip
    add(Occupancy(**mine, booking_item_id=item.id, member_id=members[Role.STAFF],
                  span=Range(booking.starts_at, booking.ends_at)))  # fmt: skip
    add(Counter(**mine, kind="booking", last=1))


def _forms(add: Callable[[Any], Any], business_id: int) -> None:
    """Those that every salon begins with."""
    for place, form in enumerate(STARTING_FORMS[Trade.SALON], start=1):
        row = add(
            Form(business_id=business_id, code=form.code.value, name=form.title, position=place, issued=1,
                 readers=sorted(form.readers), writers=sorted(form.writers), created_at=OPENED_AT)
        )  # fmt: skip
        add(
            FormVersion(business_id=business_id, form_id=row.id, number=1, text=to_json(form.text),
                        fingerprint=fingerprint(form.text), issued_at=OPENED_AT)
        )  # fmt: skip


def _described(session: Session, business: Business) -> Shop:
    from sqlmodel import select

    def the_first(table: Any) -> int:
        return session.exec(select(table.id).where(table.business_id == business.id).order_by(table.id)).first()

    members = session.exec(select(Member).where(Member.business_id == business.id)).all()
    return Shop(
        business_id=business.id or 0,
        members={Role(m.role): m.id or 0 for m in members},
        users={Role(m.role): m.user_id or 0 for m in members},
        category_id=the_first(Category),
        service_id=the_first(Service),
        resource_id=the_first(Resource),
        customer_id=the_first(Customer),
        booking_id=the_first(Booking),
        booking_item_id=the_first(BookingItem),
    )
