"""A filled-in form as it goes on paper: opened for a purpose and logged like every other reading, as one that was printed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from microcrm.domain.errors import Invalid
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import PURPOSES, Purpose
from microcrm.models.business import Business, Member
from microcrm.models.customers import Customer
from microcrm.models.vault import SealedRecord
from microcrm.operations.capabilities import Sealer
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.reading import OpenedRecord, OpenRecords, open_records


@dataclass(frozen=True, slots=True)
class PrintedForm:
    """``why``: the purpose in words. ``printer``: who put it on paper."""

    shop: str
    customer: str
    record: OpenedRecord
    why: str
    printer: str
    printed_at: datetime


def print_record(uow: UnitOfWork, command: OpenRecords, sealer: Sealer) -> PrintedForm:
    """One record, as it is now or as it once was. Raises as `open_records` does."""
    uow.require(Permission.RECORDS_OPEN)
    opened = open_records(uow, replace(command, is_printed=True), sealer)
    if len(opened) != 1:
        raise Invalid("Forms are printed one at a time.")
    query = (
        select(Business.name.label("shop"), Customer.name.label("customer"), Member.name.label("printer"))
        .select_from(SealedRecord)
        .join(Business, Business.id == SealedRecord.business_id)
        .join(Customer, (Customer.business_id == SealedRecord.business_id) & (Customer.id == SealedRecord.customer_id))
        .outerjoin(Member, (Member.business_id == SealedRecord.business_id) & (Member.id == uow.actor.member_id))
        .where(SealedRecord.business_id == uow.business_id, SealedRecord.id == opened[0].id)
    )
    row = uow.session.execute(query).one()
    why = PURPOSES[Purpose(command.purpose)]
    return PrintedForm(row.shop, row.customer, opened[0], why, row.printer or "MicroCRM", uow.now)
