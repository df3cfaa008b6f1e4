"""Records are written and corrected: each correction is a further version, and no version is ever changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from microcrm.domain.errors import Forbidden, Invalid, NotFound, RecordUnreadable, SealBroken
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import KindRule, is_clear, may, read_values, rule_of
from microcrm.domain.trades import Trade
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business
from microcrm.models.customers import Customer
from microcrm.models.vault import SealedRecord, SealedVersion
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.rows import same_version
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_record, key_for_writing

_EARLIEST = date(1950, 1, 1)


@dataclass(frozen=True, slots=True)
class AddRecord:
    """As typed; ``values`` by the names of the kind's fields."""

    customer_id: Any
    kind: Any
    day: Any
    values: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class CorrectRecord:
    """``version``: the one that was read before it was corrected."""

    record_id: Any
    version: Any
    day: Any
    values: Any = field(repr=False)


def add_record(uow: UnitOfWork, command: AddRecord, sealer: Sealer) -> int:
    """Returns the record's id. Raises: Invalid, NotFound, Forbidden (a kind that the role does not write)."""
    uow.require(Permission.RECORDS_WRITE)
    customer_id = find_customer(uow, command.customer_id)
    rule = _writable(uow, command.kind)
    day, values = _read(uow, rule, command.day, command.values)
    record = SealedRecord(
        business_id=uow.business_id, customer_id=customer_id, kind=rule.kind.value, happened_on=day,
        member_id=uow.actor.member_id, created_at=uow.now, is_clear=is_clear(rule, values),
    )  # fmt: skip
    uow.session.add(record)
    uow.session.flush()
    _store(uow, record, values, sealer)
    uow.audit("record.added", "customer_records", customer_id, record=record.id, kind=record.kind)
    return record.id or 0


def correct_record(uow: UnitOfWork, command: CorrectRecord, sealer: Sealer) -> int:
    """Returns the new version. Raises: Conflict when somebody else has corrected it meanwhile, and what `add_record` does."""
    uow.require(Permission.RECORDS_WRITE)
    record = _find_record(uow, command.record_id)
    rule = _writable(uow, record.kind)
    same_version(command.version, record.version)
    record.happened_on, values = _read(uow, rule, command.day, command.values)
    record.version, record.is_clear = record.version + 1, is_clear(rule, values)
    uow.session.flush()
    _store(uow, record, values, sealer)
    facts = {"record": record.id, "kind": record.kind, "version": record.version}
    uow.audit("record.corrected", "customer_records", record.customer_id, **facts)
    return record.version


def trade_of(uow: UnitOfWork) -> Trade:
    query = select(Business.trade).where(Business.id == uow.business_id)
    return Trade(uow.session.scalars(query).one())


def find_customer(uow: UnitOfWork, raw_id: Any) -> int:
    """The id of a customer that this person may see. Raises: NotFound."""
    reader = Reader()
    wanted = reader.id("customer_id", raw_id, "Customer")
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == wanted, visible_customers(uow.actor)
    )
    found = None if reader.errors else uow.session.scalars(query).first()
    if found is None:
        raise NotFound("We could not find that customer.")
    return found


def _find_record(uow: UnitOfWork, raw_id: Any) -> SealedRecord:
    reader = Reader()
    wanted = reader.id("record_id", raw_id, "Record")
    query = (
        select(SealedRecord)
        .join(Customer, (Customer.business_id == SealedRecord.business_id) & (Customer.id == SealedRecord.customer_id))
        .where(SealedRecord.business_id == uow.business_id, SealedRecord.id == wanted, visible_customers(uow.actor))
        .with_for_update(of=SealedRecord)
    )
    found = None if reader.errors else uow.session.scalars(query).first()
    if found is None:
        raise NotFound("We could not find that record.")
    return found


def _writable(uow: UnitOfWork, kind: Any) -> KindRule:
    rule = rule_of(trade_of(uow), kind) if isinstance(kind, str) else None
    if rule is None:
        raise Invalid("This shop keeps no records of that kind.", remedy="Choose one of the kinds on the page.")
    if not may(rule.writers, uow.actor.role):
        raise Forbidden
    return rule


def _read(uow: UnitOfWork, rule: KindRule, raw_day: Any, raw: Any) -> tuple[date, dict[str, str]]:
    reader = Reader()
    today = today_in(zone_of(uow.actor.zone), uow.now)
    day = reader.day("day", raw_day, rule.day_label, earliest=_EARLIEST, latest=today)
    values = read_values(rule, raw if isinstance(raw, Mapping) else {}, reader)
    reader.done()
    return day, values


def _store(uow: UnitOfWork, record: SealedRecord, values: dict[str, str], sealer: Sealer) -> None:
    try:
        key = key_for_writing(uow, record.customer_id, sealer)
    except SealBroken:
        raise RecordUnreadable("Nothing can be sealed for this customer: the key does not open.") from None
    about = about_record(uow.business_id, record.customer_id, record.kind, record.id or 0, record.version)
    uow.session.add(
        SealedVersion(
            business_id=uow.business_id, record_id=record.id or 0, version=record.version, generation=key.generation,
            sealed=key.seal.seal(json.dumps(values, ensure_ascii=False).encode(), about),
            member_id=uow.actor.member_id, at=uow.now,
        )
    )  # fmt: skip
    uow.session.flush()
