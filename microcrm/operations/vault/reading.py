"""What is known of a customer's records without opening them; and opening them, for a purpose that is written down first."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, text

from microcrm.domain.errors import Forbidden, NotFound, RecordErased, RecordUnreadable, SealBroken
from microcrm.domain.fields import LINE, Reader
from microcrm.domain.permissions import Permission, Role
from microcrm.domain.sealed_records import KINDS, KindRule, Purpose, RecordKind, Shown, may, reading_rule_of, shown
from microcrm.domain.trades import Trade
from microcrm.models.business import Member
from microcrm.models.customers import Customer
from microcrm.models.vault import CustomerKey, RecordOpening, SealedRecord, SealedVersion
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_record, open_customer_key
from microcrm.operations.vault.records import find_customer, trade_of

MOST_AT_ONCE = 50
_MOST_LISTED = 200
_SHOWN_OPENINGS = 20
WEEK = timedelta(days=7)
_ALLERGY = reading_rule_of(Trade.CLINIC, RecordKind.ALLERGY)  # its readers are the same in every trade


@dataclass(frozen=True, slots=True)
class RecordLine:
    """``author`` of the latest version; ``is_erased``: its key was destroyed."""

    id: int
    kind: str
    label: str
    day: date
    author: str
    version: int
    written_at: datetime
    is_erased: bool
    may_open: bool
    may_correct: bool


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One time that somebody opened records: how many of which kind."""

    at: datetime
    who: str
    label: str
    count: int
    purpose: str
    words: str


@dataclass(frozen=True, slots=True)
class RecordList:
    """``writable``: the kinds that this person may add. ``openings`` are for those who may see the activity log; ``this_week``
    counts every record that was opened in seven days."""

    lines: tuple[RecordLine, ...]
    writable: tuple[KindRule, ...]
    this_week: int
    openings: tuple[OpeningLine, ...]


@dataclass(frozen=True, slots=True)
class OpenRecords:
    """As sent. ``words``: why, where the purpose is none of the list."""

    records: Any
    purpose: Any
    words: Any = ""


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    id: int
    version: int
    day: date
    fields: tuple[Shown, ...] = field(repr=False)


def list_records(uow: UnitOfWork, customer_id: Any) -> RecordList:
    """The newest 200; three statements more than finding the customer."""
    uow.require(Permission.RECORDS_OPEN)
    customer = find_customer(uow, customer_id)
    trade, role = trade_of(uow), uow.actor.role
    may_write = uow.may(Permission.RECORDS_WRITE)
    lines = tuple(_line(row, trade, role, may_write) for row in uow.session.execute(_lines(uow, customer)))
    writable = tuple(rule for rule in KINDS[trade] if may_write and may(rule.writers, role))
    count, openings = _openings(uow, customer, trade)
    return RecordList(lines, writable, count, openings)


def last_allergy(uow: UnitOfWork, raw_customer_id: Any) -> date | None:
    """The day of the latest allergy that can be opened: that there is one must be seen before anything is opened. Nothing for
    roles that do not read allergies, and for customers whom this person may not see. One statement."""
    uow.require(Permission.RECORDS_OPEN)
    reader = Reader()
    wanted = reader.id("customer_id", raw_customer_id, "Customer")
    if reader.errors or not may(_ALLERGY.readers, uow.actor.role):
        return None
    record, version, key = SealedRecord, SealedVersion, CustomerKey
    query = (
        select(func.max(record.happened_on))
        .join(Customer, (Customer.business_id == record.business_id) & (Customer.id == record.customer_id))
        .join(
            version,
            (version.business_id == record.business_id)
            & (version.record_id == record.id)
            & (version.version == record.version),
        )
        .join(
            key,
            (key.business_id == record.business_id)
            & (key.customer_id == record.customer_id)
            & (key.generation == version.generation)
            & key.sealed.is_not(None),
        )
        .where(
            record.business_id == uow.business_id, record.customer_id == wanted, record.kind == _ALLERGY.kind.value,
            visible_customers(uow.actor),
        )
    )  # fmt: skip
    return uow.session.execute(query).scalar_one()


def _lines(uow: UnitOfWork, customer_id: int) -> Any:
    record, version, key = SealedRecord, SealedVersion, CustomerKey
    return (
        select(
            record.id, record.kind, record.happened_on, record.version, version.at, Member.name.label("author"),
            key.destroyed_at,
        )
        .join(
            version,
            (version.business_id == record.business_id)
            & (version.record_id == record.id)
            & (version.version == record.version),
        )
        .outerjoin(Member, (Member.business_id == record.business_id) & (Member.id == version.member_id))
        .outerjoin(
            key,
            (key.business_id == record.business_id)
            & (key.customer_id == record.customer_id)
            & (key.generation == version.generation),
        )
        .where(record.business_id == uow.business_id, record.customer_id == customer_id)
        .order_by(record.happened_on.desc(), record.id.desc())
        .limit(_MOST_LISTED)
    )  # fmt: skip


def _line(row: Row[Any], trade: Trade, role: Role | None, may_write: bool) -> RecordLine:
    rule = reading_rule_of(trade, row.kind)
    is_erased = row.destroyed_at is not None
    return RecordLine(
        id=row.id, kind=row.kind, label=rule.label, day=row.happened_on, author=row.author or "MicroCRM",
        version=row.version, written_at=row.at, is_erased=is_erased,
        may_open=not is_erased and may(rule.readers, role),
        may_correct=not is_erased and may_write and may(rule.writers, role) and rule in KINDS[trade],
    )  # fmt: skip


def _openings(uow: UnitOfWork, customer_id: int, trade: Trade) -> tuple[int, tuple[OpeningLine, ...]]:
    opening = RecordOpening
    mine = (opening.business_id == uow.business_id, opening.customer_id == customer_id)
    counted = select(func.count()).select_from(opening).where(*mine, opening.at > uow.now - WEEK)
    count = uow.session.execute(counted).scalar_one()
    if not uow.may(Permission.ACTIVITY_VIEW):
        return count, ()
    record = SealedRecord
    query = (
        select(opening.at, Member.name, record.kind, func.count().label("many"), opening.purpose, opening.words)
        .join(record, (record.business_id == opening.business_id) & (record.id == opening.record_id))
        .outerjoin(Member, (Member.business_id == opening.business_id) & (Member.id == opening.member_id))
        .where(*mine)
        .group_by(opening.at, Member.name, record.kind, opening.purpose, opening.words)
        .order_by(opening.at.desc(), record.kind)
        .limit(_SHOWN_OPENINGS)
    )
    rows = uow.session.execute(query)
    return count, tuple(
        OpeningLine(
            r.at, r.name or "MicroCRM", reading_rule_of(trade, r.kind).label, r.many, r.purpose, r.words
        )
        for r in rows
    )  # fmt: skip


_FOR_OPENING = text("""
SELECT r.id, r.kind, r.customer_id, r.happened_on, v.version, v.sealed AS text_sealed, k.generation, k.sealed,
       k.destroyed_at, b.generation AS owner_generation, b.sealed AS owner_sealed
FROM sealed_records r
JOIN sealed_versions v ON v.business_id = r.business_id AND v.record_id = r.id AND v.version = r.version
LEFT JOIN keys.customer_keys k ON k.business_id = r.business_id AND k.customer_id = r.customer_id
     AND k.generation = v.generation
LEFT JOIN keys.business_keys b ON b.business_id = k.business_id AND b.id = k.business_key_id
WHERE r.business_id = :business AND r.id = ANY(:ids)
""")


def open_records(uow: UnitOfWork, command: OpenRecords, sealer: Sealer) -> tuple[OpenedRecord, ...]:
    """Records of one customer, at most 50. The opening is logged in the same transaction: what cannot be logged is not
    opened. Raises: Invalid, NotFound, Forbidden, RecordErased, RecordUnreadable."""
    uow.require(Permission.RECORDS_OPEN)
    ids, purpose, words = _read(command)
    rows = list(uow.session.execute(_FOR_OPENING, {"business": uow.business_id, "ids": list(ids)}))
    customers = {row.customer_id for row in rows}
    if len(rows) != len(ids) or len(customers) != 1 or not _is_visible(uow, *customers):
        raise NotFound("We could not find that record.")
    trade = trade_of(uow)
    rules = {row.id: reading_rule_of(trade, row.kind) for row in rows}
    if not all(may(rule.readers, uow.actor.role) for rule in rules.values()):
        raise Forbidden("Your role does not open records of that kind.", remedy="Ask an owner of the business.")
    opened = tuple(_open(uow, row, rules[row.id], sealer) for row in rows)
    _log(uow, rows, purpose, words)
    return opened


def _read(command: OpenRecords) -> tuple[tuple[int, ...], Purpose, str]:
    reader = Reader()
    ids = reader.ids("records", command.records, "Records", limit=MOST_AT_ONCE)
    if not ids:
        reader.refuse("records", "Choose what to open.")
    purpose = reader.choice("purpose", command.purpose, "Why", [one.value for one in Purpose])
    is_other = purpose == Purpose.OTHER
    words = reader.text("words", command.words, "Your own words", limit=LINE, least=4, required=is_other)
    reader.done()
    return ids, Purpose(purpose), words


def _is_visible(uow: UnitOfWork, customer_id: int) -> bool:
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    return uow.session.scalars(query).first() is not None


def _open(uow: UnitOfWork, row: Row[Any], rule: KindRule, sealer: Sealer) -> OpenedRecord:
    if row.destroyed_at is not None:
        raise RecordErased
    try:
        if row.sealed is None or row.owner_sealed is None:
            raise SealBroken
        key = open_customer_key(uow.business_id, row.customer_id, row, sealer)
        about = about_record(uow.business_id, row.customer_id, row.kind, row.id, row.version)
        values = json.loads(key.seal.open(row.text_sealed, about))
    except SealBroken:
        raise RecordUnreadable from None
    return OpenedRecord(row.id, row.version, row.happened_on, shown(rule, values))


def _log(uow: UnitOfWork, rows: list[Row[Any]], purpose: Purpose, words: str) -> None:
    mine = {"business_id": uow.business_id, "member_id": uow.actor.member_id, "at": uow.now}
    why = {"purpose": purpose.value, "words": words}
    lines = [mine | why | {"customer_id": r.customer_id, "record_id": r.id, "version": r.version} for r in rows]
    uow.session.execute(insert(RecordOpening), lines)
    kinds = sorted({row.kind for row in rows})
    facts = {"records": [row.id for row in rows], "kinds": kinds, "purpose": purpose.value}
    uow.audit("record.opened", "customer_records", rows[0].customer_id, **facts)
