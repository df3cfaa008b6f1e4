"""A customer's keys are destroyed: every copy of what they sealed, in dumps and backups too, is noise from then on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, text

from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.customers import Customer
from microcrm.models.vault import CustomerKey
from microcrm.operations.unit_of_work import UnitOfWork

_DESTROY = text("""
UPDATE keys.customer_keys SET sealed = NULL, business_key_id = NULL, destroyed_at = :now
WHERE business_id = :business AND id = ANY(:ids)
""")

_FORGET = text("""
UPDATE sealed_versions v SET plain = '{}' FROM sealed_records r
WHERE v.business_id = :business AND r.business_id = v.business_id AND r.id = v.record_id AND r.customer_id = :customer
  AND v.plain <> '{}'
""")


def destroy_customer_keys(uow: UnitOfWork, customer_id: Any, reason: str = "") -> int:
    """Cannot be taken back. The records' rows stay and say that they were erased; what stood outside the seal goes from the table.
    A record written later gets a new key. ``reason`` is a word for the log. Returns how many keys there were. Backups of the schema
    ``keys`` must be short-lived for this to be final."""
    uow.require(Permission.BUSINESS_EDIT)
    reader = Reader()
    wanted = reader.id("customer_id", customer_id, "Customer")
    ours = Customer.business_id == uow.business_id
    customer = select(Customer.id).where(ours, Customer.id == wanted, Customer.merged_into_id.is_(None))
    # Nobody merges them meanwhile. What was merged into them left bytes in backups that the other records' keys open.
    if reader.errors or uow.session.scalars(customer.with_for_update(read=True, key_share=True)).first() is None:
        raise NotFound("We could not find that customer.")
    whose = select(Customer.id).where(ours, (Customer.id == wanted) | (Customer.merged_into_id == wanted))
    mine = (CustomerKey.business_id == uow.business_id, CustomerKey.customer_id.in_(whose))
    # FOR UPDATE waits for whoever is sealing with it now.
    keys = (
        select(CustomerKey.id, CustomerKey.generation).where(*mine, CustomerKey.sealed.is_not(None)).with_for_update()
    )
    found = uow.session.execute(keys).all()
    uow.session.execute(_FORGET, {"business": uow.business_id, "customer": wanted})
    if found:
        ids = [row.id for row in found]
        uow.session.execute(_DESTROY, {"business": uow.business_id, "now": uow.now, "ids": ids})
        facts = {"generation": max(row.generation for row in found)} | ({"reason": reason} if reason else {})
        uow.audit("vault.destroyed", "customer_key", wanted, **facts)
    return len(found)
