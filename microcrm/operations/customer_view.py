"""One customer with the facts that the shop asks for first. Always one statement, however long the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, true

from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_day
from microcrm.domain.names import hue_for, initials
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.customers import Customer
from microcrm.operations import customer_facts
from microcrm.operations.customer_access import email_for, may_contact, phone_for, visible_customers
from microcrm.operations.customer_facts import NONE_COMING, Coming, Fact
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CustomerView:
    """What the customer's page shows. ``..._input`` is how a form shows it; phone, e-mail and address are empty in the form
    of people who may not see them. ``whatsapp`` is digits for a wa.me link, or empty."""

    id: str = ""
    version: int = 0
    name: str = ""
    initials: str = ""
    hue: str = ""
    phone: str = ""
    phone_input: str = ""
    whatsapp: str = ""
    email: str = ""
    email_input: str = ""
    address: str = ""
    is_contact_hidden: bool = False
    birthday: str = ""
    birthday_input: str = ""
    tags: tuple[str, ...] = ()
    tags_input: str = ""
    since: str = ""
    is_archived: bool = False
    facts: tuple[Fact, ...] = ()
    usual: str = ""
    coming: Coming = NONE_COMING


NOBODY = CustomerView()  # before anybody is loaded


def view(uow: UnitOfWork, customer_id: Any) -> CustomerView:
    """Raises ``NotFound`` for a customer of another shop and for one this person may not see."""
    uow.require(Permission.CUSTOMERS_VIEW)
    row = _find(uow, customer_id)
    customer: Customer = row.Customer
    zone = zone_of(uow.actor.zone)
    created = to_wall(customer.created_at, zone)[0]
    is_open = may_contact(uow.actor)
    birthday = customer.birthday
    return CustomerView(
        id=str(customer.id),
        version=customer.version,
        name=customer.name,
        initials=initials(customer.name),
        hue=hue_for(customer.id or 0),
        phone=phone_for(uow.actor, customer.phone),
        phone_input=customer.phone.removeprefix("+91") if is_open else "",
        whatsapp=customer.phone.lstrip("+") if is_open else "",
        email=email_for(uow.actor, customer.email),
        email_input=customer.email if is_open else "",
        address=customer.address if is_open else "",
        is_contact_hidden=not is_open,
        birthday=format_day(birthday) if birthday else "",
        birthday_input=birthday.isoformat() if birthday else "",
        tags=tuple(customer.tags),
        tags_input=", ".join(customer.tags),
        since=f"Customer since {MONTHS[created.month - 1]} {created.year}",
        is_archived=customer.archived_at is not None,
        facts=customer_facts.facts_of(uow, customer.billed_paise, row),
        usual=customer_facts.usual_of(row),
        coming=customer_facts.coming_of(uow, row),
    )


def _find(uow: UnitOfWork, raw_id: Any) -> Row[Any]:
    """The customer, and beside them what the facts are made of."""
    reader = Reader()
    customer_id = reader.id("customer_id", raw_id, "Customer")
    beside = [customer_facts.counted(uow), customer_facts.taken(uow), customer_facts.coming(uow)]
    if uow.may(Permission.INVOICES_VIEW):
        beside.append(customer_facts.owed())
    query = select(Customer, *beside).select_from(Customer)
    for one in beside:
        query = query.join(one, true())
    query = query.where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    row = None if reader.errors else uow.session.execute(query).first()
    if row is None and (survivor := None if reader.errors else _survivor(uow, customer_id)):
        return _find(uow, survivor)
    if row is None:
        raise NotFound("We could not find that customer.")
    return row


def _survivor(uow: UnitOfWork, customer_id: int) -> int | None:
    """Whoever the customer was merged into; an old link leads there."""
    query = select(Customer.merged_into_id).where(Customer.business_id == uow.business_id, Customer.id == customer_id)
    return uow.session.scalars(query).first()
