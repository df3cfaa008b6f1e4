"""Somebody who is there twice, and short ways to merge the two and to take them apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from microcrm.models.customers import Customer
from microcrm.models.merging import CustomerMerge
from microcrm.operations.customer_merge import MergeCustomers, Merged, merge_customers
from microcrm.operations.customer_unmerge import Unmerge, unmerge_customers
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.unit_of_work import UnitOfWork
from tests.support.vault import SEALER


def later(uow: UnitOfWork, **lapse: float) -> UnitOfWork:
    return replace(uow, now=uow.now + timedelta(**lapse))


def twice(uow: UnitOfWork) -> tuple[int, int]:
    """Asha, typed in two times; the second time with more."""
    first = add(uow, AddCustomer("Asha Menon", "98860 10001", tags="VIP")).id
    more = {"email": "asha@glow.example", "address": "12 Hill Road", "birthday": "1990-01-02"}
    second = add(uow, AddCustomer("Aasha Menon", "98860 10002", **more, tags="bridal")).id
    return first, second


def row(uow: UnitOfWork, customer_id: int) -> Customer:
    uow.session.expire_all()
    return uow.session.get_one(Customer, customer_id)


def plain_row(uow: UnitOfWork, customer_id: int) -> dict[str, Any]:
    """All that a record says, save for how often it was written."""
    statement = text("SELECT to_jsonb(c) - 'version' FROM customers c WHERE id = :id")
    found: dict[str, Any] = uow.session.execute(statement, {"id": customer_id}).scalar_one()
    return found


def paper_of(uow: UnitOfWork, bill: int) -> dict[str, Any]:
    statement = text("SELECT to_jsonb(d) - 'customer_id' FROM documents d WHERE id = :id")
    found: dict[str, Any] = uow.session.execute(statement, {"id": bill}).scalar_one()
    return found


def merge(uow: UnitOfWork, kept: int, gone: int, **choices: str) -> Merged:
    versions = (row(uow, kept).version, row(uow, gone).version)
    return merge_customers(uow, MergeCustomers(kept, gone, *versions, choices), SEALER)


def apart(uow: UnitOfWork, *visits: int) -> None:
    merge_id = uow.session.scalars(select(CustomerMerge.id).order_by(CustomerMerge.id.desc())).first()
    unmerge_customers(uow, Unmerge(merge_id, visits), SEALER)
