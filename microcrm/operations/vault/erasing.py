"""The owner destroys a customer's key: what is about to go, and the press itself, which every owner hears of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from microcrm.domain.bell import BellKind
from microcrm.domain.erasure import ErasureReason, is_same_name
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.business import Business, Member
from microcrm.models.customers import Customer
from microcrm.models.person_files import PersonFile
from microcrm.models.vault import CustomerKey, SealedRecord, SealedVersion
from microcrm.operations.accounts.letters import mail
from microcrm.operations.bell.ringing import ring
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.records import find_customer

_OWNERS = text("""
SELECT m.id, m.name, e.email FROM members m JOIN emails_of_members() e ON e.member_id = m.id
WHERE m.business_id = :business AND m.role = 'owner' AND m.deactivated_at IS NULL ORDER BY m.id
""")


@dataclass(frozen=True, slots=True)
class Erasable:
    """What would become unreadable. ``records`` count each filled-in form once, however often it was corrected; ``files`` photos
    and papers."""

    name: str
    records: int
    files: int


@dataclass(frozen=True, slots=True)
class EraseSealed:
    """As typed. ``name``: of the customer, so that nobody destroys the wrong one's."""

    customer_id: Any
    name: Any
    reason: Any


def last_erasure(uow: UnitOfWork, customer_id: Any) -> datetime | None:
    """When a key of the customer was destroyed last. Two statements. Raises: NotFound."""
    uow.require(Permission.RECORDS_OPEN)
    wanted = find_customer(uow, customer_id)
    query = select(func.max(CustomerKey.destroyed_at)).where(
        CustomerKey.business_id == uow.business_id, CustomerKey.customer_id == wanted
    )
    return uow.session.execute(query).scalar_one()


def erasable(uow: UnitOfWork, customer_id: Any) -> Erasable:
    """Two statements. Raises: NotFound."""
    uow.require(Permission.BUSINESS_EDIT)
    wanted = find_customer(uow, customer_id)
    live = (
        select(CustomerKey.generation)
        .where(
            CustomerKey.business_id == uow.business_id, CustomerKey.customer_id == wanted, CustomerKey.sealed.is_not(None)
        )
        .scalar_subquery()
    )  # fmt: skip
    records = (
        select(func.count(SealedRecord.id.distinct()))
        .join(
            SealedVersion,
            (SealedVersion.business_id == SealedRecord.business_id) & (SealedVersion.record_id == SealedRecord.id),
        )
        .where(
            SealedRecord.business_id == uow.business_id, SealedRecord.customer_id == wanted,
            SealedVersion.generation.in_(live),
        )
        .scalar_subquery()
    )  # fmt: skip
    files = (
        select(func.count(PersonFile.id))
        .where(
            PersonFile.business_id == uow.business_id, PersonFile.customer_id == wanted, PersonFile.generation.in_(live)
        )
        .scalar_subquery()
    )
    query = select(Customer.name, records, files).where(Customer.business_id == uow.business_id, Customer.id == wanted)
    name, of_records, of_files = uow.session.execute(query).one()
    return Erasable(name, of_records, of_files)


def erase_sealed(uow: UnitOfWork, command: EraseSealed) -> int:
    """Cannot be taken back. Returns how many keys there were. Raises: Invalid (another name), NotFound, Conflict when nothing is
    sealed."""
    uow.require(Permission.BUSINESS_EDIT)
    reader = Reader()
    reason = reader.member("reason", command.reason, "Why", ErasureReason)
    typed = reader.text("name", command.name, "The customer’s name", limit=200)
    wanted = reader.id("customer_id", command.customer_id, "Customer")
    query = select(Customer.name).where(Customer.business_id == uow.business_id, Customer.id == wanted)
    name = None if "customer_id" in reader.errors else uow.session.scalars(query).first()
    if name is None:
        raise NotFound("We could not find that customer.")
    if typed and not is_same_name(typed, name):
        reader.refuse("name", f"Type {name}, as it stands above.")
    reader.done()
    found = destroy_customer_keys(uow, wanted, reason=reason.value)
    if not found:
        raise Conflict("Nothing is sealed for this customer.", remedy="There is nothing to destroy.")
    _tell_owners(uow, wanted)
    return found


def _tell_owners(uow: UnitOfWork, customer_id: int) -> None:
    """All of them, whoever pressed: without the customer's name, which a mail would keep."""
    mine = (Business.id == uow.business_id, Member.business_id == Business.id, Member.id == uow.actor.member_id)
    shop, who = uow.session.execute(select(Business.name, Member.name).where(*mine)).one()
    ring(uow, BellKind.ERASED, f"{customer_id}:{uow.now.timestamp()}", who=uow.actor.member_id, customer=customer_id)
    for owner in uow.session.execute(_OWNERS, {"business": uow.business_id}):
        mail(
            uow, owner.email, "records_destroyed", f"{owner.id}:{customer_id}:{uow.now.timestamp()}",
            name=owner.name, who=who, shop=shop, at=uow.now.isoformat(), path=f"/customer/records?id={customer_id}",
        )  # fmt: skip
