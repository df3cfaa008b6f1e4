"""Whose visit it is when all that is known is what somebody typed into a public form or said on the phone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.search_key import search_key
from microcrm.models.customers import Customer
from microcrm.operations.customer_keys import keys_of, write_words
from microcrm.operations.unit_of_work import UnitOfWork

_ONE_PER_PHONE = text("phone <> '' and not is_sharing_phone")


@dataclass(frozen=True, slots=True)
class Guest:
    """``guest_name`` is what was typed, when the phone belongs to a customer of another name; else empty."""

    customer_id: int
    guest_name: str = ""


def guest_of(uow: UnitOfWork, name: str, phone: str, email: str = "") -> Guest:
    """The customer who has this phone (E.164), new when nobody has. Nothing of a known customer is changed by what a
    stranger typed, except that who books again is out of the archive."""
    found = _known(uow, name, phone)
    if found is not None:
        return found
    new_id = _insert(uow, name, phone, email)
    if new_id is not None:
        write_words(uow.session, uow.business_id, new_id, name)
        uow.audit("add", "customer", new_id)
        return Guest(new_id)
    quicker = _known(uow, name, phone)  # somebody else stored the same phone just now
    if quicker is None:
        raise RuntimeError("a phone is taken and yet nobody has it")
    return quicker


def _known(uow: UnitOfWork, name: str, phone: str) -> Guest | None:
    """Of a family on one phone the one of that name, else whose phone it is."""
    rows = uow.session.execute(
        select(Customer.id, Customer.name_key, Customer.archived_at)
        .where(Customer.business_id == uow.business_id, Customer.phone == phone)
        .order_by(Customer.is_sharing_phone, Customer.id)
    ).all()
    if not rows:
        return None
    key = search_key(name)
    same = next((row for row in rows if row.name_key == key), None)
    who = same or rows[0]
    if who.archived_at is not None:
        _restore(uow, who.id)
    return Guest(who.id, "" if same else name)


def _restore(uow: UnitOfWork, customer_id: int) -> None:
    customer = uow.session.get_one(Customer, customer_id)
    customer.archived_at = None
    customer.version += 1
    uow.session.flush()
    uow.audit("restore", "customer", customer_id)


def _insert(uow: UnitOfWork, name: str, phone: str, email: str) -> int | None:
    statement = (
        insert(Customer)
        .values(
            business_id=uow.business_id,
            name=name,
            phone=phone,
            email=email,
            address="",
            tags=[],
            notes="",
            created_at=uow.now,
            visit_count=0,
            version=1,
            is_sharing_phone=False,
            **keys_of(name, phone, email),
        )
        .on_conflict_do_nothing(index_elements=["business_id", "phone"], index_where=_ONE_PER_PHONE)
        .returning(Customer.id)
    )
    return uow.session.execute(statement).scalar()
